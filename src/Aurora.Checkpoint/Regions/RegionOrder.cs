using System;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>Something that a thread has asked for and waits for. Not saved: after a restart it is asked for again.</summary>
internal unsafe struct RegionOrder
{
    public RegionOrder* Next;

    /// <summary>What the thread knows it by.</summary>
    public ulong Ticket;

    /// <summary>The thread, by its group and id.</summary>
    public ushort Group;
    public ObjectId Thread;
    public RegionRequest Request;
    public bool IsDone;
    public Errno Result;

    /// <summary>Done: the region that was opened, which stays for who has asked; null for none.</summary>
    public RegionEntry* Entry;

    /// <summary>Done: the states that were asked for.</summary>
    public EpochArray Epochs;
    public int EpochCount;

    [InlineArray(RegionService.MostEpochs)]
    public struct EpochArray
    {
        private RegionEpoch _first;
    }
}
