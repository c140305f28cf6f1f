"""What to learn from: MobileNetV2 off the shelf, and fine-tuned in several ways."""
