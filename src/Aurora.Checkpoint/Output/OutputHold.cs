// External synchrony for the console (architecture, section 6): bytes a program writes are held here until the checkpoint that contains
// the state which produced them is durable. The held bytes are kernel objects themselves, so a checkpoint taken before they reached the
// device carries them, and they are given to the device again after a restore: at least once, never before durable.
//
//   written   >= durable >= sent >= emitted    (positions in the group's whole output, in bytes)
//
// Which is durable the gate says (OutputGate): a capture has it hold `Written`, and the commit of that epoch releases it. Pump moves
// bytes to the device as it has room, and
// forgets them only when they have left the device: what is in its queues when the power goes was not seen by anybody. The last chunk
// stays, empty if need be: its start tells a restore how far the output had come.
//
// Only one group's output goes to the machine's console. That of another stays with it as its log, of which others may read what is
// durable; when
// there is no more room the oldest gives way. So a log is saved, restored, copied and rewound as all else that the group has.
//
// The room that a writer has been told of must be there when memory is exhausted. For the machine's console that is the memory for all that
// may be held, at once; a log gets it by little, ahead of who writes, so that a copy costs what its source has written and no more. What a
// group has got it keeps. Protected by the kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>Holds the console output of groups until it may be seen.</summary>
public sealed unsafe class OutputHold
{
    private readonly GroupTable<OutputState> _states;

    public OutputHold(PageAllocator pages, TrackedObjects tracked, ThreadWaker waker)
    {
        _states = new GroupTable<OutputState>(tracked);
        Chunks = new Slab<OutputChunk>(pages, GroupTable.MaxGroups * HeldOutput.MaxChunks);
        Waker = waker;
    }

    internal Slab<OutputChunk> Chunks { get; }
    internal ThreadWaker Waker { get; }

    /// <summary>A group ends.</summary>
    public void End(ObjectTracker group) => Of(group).End();

    /// <summary>The output of a group.</summary>
    public HeldOutput Of(ObjectTracker group) => new(this, _states.At(group.Index), group);
}
