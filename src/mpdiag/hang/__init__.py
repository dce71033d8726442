"""Why a program no longer moves: what its threads wait for, who could end each wait, and which of them cannot."""
