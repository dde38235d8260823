// The size of a pipe (F_SETPIPE_SZ). It can become as small as the pages that it uses, as on Linux.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

public sealed unsafe partial class PipeOperations
{
    /// <summary>
    /// Whether a pipe may get at least so many bytes, and how many these will be. EINVAL for more than there can be, EPERM when it would
    /// grow above <paramref name="most"/> or what anybody gets, EBUSY when the pages in use do not fit.
    /// </summary>
    public static Errno CheckCapacity(Pipe* pipe, ulong bytes, uint most, out uint capacity)
    {
        capacity = PageSize.Bytes;
        if (bytes > Pipe.LargestAsked)
            return Errno.EINVAL;
        capacity = Pipe.RoundCapacity((uint)bytes);
        if (capacity > pipe->Capacity && capacity > Math.Min(most, Pipe.LargestCapacity))
            return Errno.EPERM;
        return capacity < pipe->Capacity && capacity >> PageSize.Shift < UsedPages(pipe) ? Errno.EBUSY : Errno.Ok;
    }

    /// <summary>
    /// Gives a pipe a capacity that <see cref="CheckCapacity"/> has allowed, without moving a byte. Ok, or OutOfMemory: then nothing has
    /// changed.
    /// </summary>
    public MemoryStatus SetCapacity(Pipe* pipe, uint capacity)
    {
        if (capacity == pipe->Capacity)
            return MemoryStatus.Ok;
        uint end = pipe->Head + pipe->RingLength;
        if (end > pipe->Capacity || end > capacity)
        {
            Panic.Unless(pipe->Rest == null, "pipes: a second rest"u8);
            pipe->Rest = pipe->Data;
            pipe->RestHead = pipe->Head;
            pipe->RestLength = pipe->Length;
            pipe->Data = null;
            pipe->Head = 0;
        }
        else if (pipe->Data != null
            && memory.Objects.Resize(pipe->Data, capacity >> PageSize.Shift) is not MemoryStatus.Ok and var status)
        {
            return status;
        }
        pipe->Capacity = capacity;
        state.MarkChanged(&pipe->Header);
        waker.WakeAll(&pipe->Writable);
        return MemoryStatus.Ok;
    }

    // The bytes take as many pages as if they all lay behind each other.
    private static uint UsedPages(Pipe* pipe)
    {
        uint head = pipe->RestLength > 0 ? pipe->RestHead : pipe->Head;
        return pipe->Length == 0 ? 0 : (uint)(((head & PageSize.OffsetMask) + pipe->Length + PageSize.OffsetMask) >> PageSize.Shift);
    }

    // The rest goes with its last byte.
    private void ConsumeRest(Pipe* pipe, uint bytes)
    {
        pipe->RestLength -= bytes;
        pipe->RestHead = (uint)(((ulong)pipe->RestHead + bytes) % (pipe->Rest->SizePages << PageSize.Shift));
        if (pipe->RestLength > 0)
            return;
        memory.Objects.Release(pipe->Rest);
        pipe->Rest = null;
        pipe->RestHead = 0;
    }
}
