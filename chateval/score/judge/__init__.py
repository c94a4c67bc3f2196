"""What judges say of answers: how they are asked, what their texts come to, and how far they can be trusted."""
