namespace Aurora.Images;

/// <summary>What to do about an image whose present state no machine can continue from.</summary>
/// <param name="Lost">The present state, and why.</param>
/// <param name="Target">The newest checkpoint that can be restored; null when there is none.</param>
public sealed record ImageWayBack(ImageUnrestorable Lost, ImageCheckpoint? Target);
