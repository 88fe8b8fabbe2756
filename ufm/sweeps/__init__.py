"""Many strengths at once: on one device, reduced as they come, or shared out over a mesh."""
