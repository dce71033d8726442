"""What measurements are set up with, a rig a file: channels, pools, payloads, demonstrations. Standard library only."""
