using System.Runtime.InteropServices;

namespace Aurora.Core;

/// <summary>A fiber's place in the scheduler.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Fiber
{
    /// <summary>Where the stack was left; valid while the fiber does not run.</summary>
    public ulong StackPointer;

    /// <summary>One past the stack's highest byte.</summary>
    public ulong StackTop;

    /// <summary>In the ready list, in the queue it is blocked on, or among the idle fibers.</summary>
    public Fiber* Next;

    /// <summary>What it runs: the scheduler's body with this number.</summary>
    public int BodyNumber;

    /// <summary>While it does not run: the index of the group it works for (<see cref="Base.TraceLog"/>).</summary>
    public uint Group;
}
