"""The independent services of Beside; none of them imports another."""
