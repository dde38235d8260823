using System;

namespace Aurora.Images;

/// <summary>A volume of an image.</summary>
/// <param name="Number">Its number, which is never given to another one.</param>
/// <param name="Name">Its name; empty for the first one, which is the machine's own.</param>
/// <param name="Parent">The number of the volume it was forked from; 0 for none.</param>
/// <param name="LastSequence">Its newest commit; 0 when it has had none of its own.</param>
/// <param name="Made">When it was made; null for the first one.</param>
/// <param name="IsPartial">Receiving it was broken off.</param>
/// <param name="IsGroup">A consistency group lives in it: a machine runs it when it starts.</param>
/// <param name="IsImage">It never changes: a base for others.</param>
/// <param name="IsRegion">It is a region: memory that programs persist themselves.</param>
public sealed record ImageVolume(
    ulong Number, string Name, ulong Parent, ulong LastSequence, DateTimeOffset? Made, bool IsPartial, bool IsGroup, bool IsImage,
    bool IsRegion);
