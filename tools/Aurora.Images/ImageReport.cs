using System;
using System.Collections.Generic;

namespace Aurora.Images;

/// <summary>What a check of an image found.</summary>
/// <param name="Faults">Each fault in words, with its place; empty for a whole image.</param>
/// <param name="Objects">Objects in the present state.</param>
/// <param name="Checkpoints">Checkpoints with a root of their own.</param>
/// <param name="DataBlocks">Blocks of data that are referred to.</param>
/// <param name="FreeBlocks">Blocks nobody refers to.</param>
/// <param name="LastSequence">The newest commit.</param>
public sealed record ImageReport(IReadOnlyList<string> Faults, ulong Objects, ulong Checkpoints, ulong DataBlocks, ulong FreeBlocks, ulong LastSequence);

/// <summary>A checkpoint that can be read.</summary>
/// <param name="Sequence">Its place in the order of all commits.</param>
/// <param name="Epoch">The group's number for it.</param>
/// <param name="Time">When it was taken.</param>
/// <param name="Bytes">The page data it wrote.</param>
/// <param name="Name">The name it was given; empty for most.</param>
/// <param name="IsKept">True when it stays until it is dropped.</param>
public sealed record ImageCheckpoint(ulong Sequence, ulong Epoch, DateTimeOffset Time, ulong Bytes, string Name, bool IsKept);
