using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>What is held of the output of one group (<see cref="HeldOutput"/>).</summary>
public unsafe struct OutputState
{
    internal OutputChunk* First;
    internal OutputChunk* Last;

    /// <summary>Chunks that are kept for what will be written, by <see cref="OutputChunk.Next"/>.</summary>
    internal OutputChunk* Spare;
    internal int SpareCount;

    /// <summary>Chunks the group has, in use or spare.</summary>
    internal int ChunkCount;
    internal bool PassesThrough;

    /// <summary>The output is kept for who asks, instead of being given to a device.</summary>
    internal bool IsLogged;
    internal ulong Written;
    internal OutputGate Gate;
    internal ulong Sent;
    internal ulong Emitted;
    internal WaitQueue Space;
}
