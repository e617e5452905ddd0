"""What trading partners send: taken from Cleo's download folders, acknowledged, and told as documents."""
