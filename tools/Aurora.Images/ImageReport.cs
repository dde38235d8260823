using System;
using System.Collections.Generic;

namespace Aurora.Images;

/// <summary>What a check of an image found.</summary>
/// <param name="Faults">Each fault in words, with its place; empty for a whole image.</param>
/// <param name="Details">Those of the store, for programs.</param>
/// <param name="Unrestorable">States that a machine could not continue from, for programs.</param>
/// <param name="IsRestorable">The present state has been read and restored, whatever else is damaged.</param>
/// <param name="Objects">Objects in the present state.</param>
/// <param name="Checkpoints">Checkpoints with a root of their own.</param>
/// <param name="TreeNodes">Blocks of the index.</param>
/// <param name="DataBlocks">Blocks of data that are referred to, by the index or by the log.</param>
/// <param name="FreeBlocks">Blocks nobody refers to.</param>
/// <param name="LastSequence">The newest commit.</param>
/// <param name="WholeSuperblocks">Copies of the superblock that are whole, of four.</param>
public sealed record ImageReport(
    IReadOnlyList<string> Faults,
    IReadOnlyList<ImageFault> Details,
    IReadOnlyList<ImageUnrestorable> Unrestorable,
    bool IsRestorable,
    ulong Objects,
    ulong Checkpoints,
    ulong TreeNodes,
    ulong DataBlocks,
    ulong FreeBlocks,
    ulong LastSequence,
    ulong WholeSuperblocks);

/// <summary>A fault and its place; what does not apply is zero.</summary>
/// <param name="Status">What is wrong.</param>
/// <param name="Place">The kind of structure.</param>
/// <param name="Object">The object concerned.</param>
/// <param name="Page">The page of the object, the object (object tree), or the commit (log, history).</param>
/// <param name="Block">The block of the image.</param>
/// <param name="Found">The value found, where that is what is wrong.</param>
public sealed record ImageFault(string Status, string Place, ulong Object, ulong Page, ulong Block, ulong Found);

/// <summary>A checkpoint that can be read.</summary>
/// <param name="Sequence">Its place in the order of all commits.</param>
/// <param name="Epoch">The group's number for it.</param>
/// <param name="Time">When it was taken.</param>
/// <param name="Bytes">The page data it wrote.</param>
/// <param name="Name">The name it was given; empty for most.</param>
/// <param name="IsKept">True when it has a root of its own.</param>
/// <param name="IsAutomatic">True when retention will drop it; otherwise a kept one stays until it is dropped by name.</param>
/// <param name="IsLeft">True when the present state does not come from it: a rollback has left it behind.</param>
public sealed record ImageCheckpoint(
    ulong Sequence, ulong Epoch, DateTimeOffset Time, ulong Bytes, string Name, bool IsKept, bool IsAutomatic, bool IsLeft);
