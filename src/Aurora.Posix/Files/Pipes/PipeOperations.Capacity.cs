// The size of a pipe (F_SETPIPE_SZ). Bytes that lie around the end of the ring, or beyond the new one, are copied into a ring of the new
// size; they keep their places within pages, so a pipe can become as small as the pages that it uses, as on Linux.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

public sealed unsafe partial class PipeOperations
{
    /// <summary>
    /// Whether a pipe may get at least so many bytes, and how many these will be. EINVAL for more than there can be, EPERM above the
    /// system's limit, EBUSY when the pages in use do not fit.
    /// </summary>
    public static Errno CheckCapacity(Pipe* pipe, ulong bytes, bool mayExceed, out uint capacity)
    {
        capacity = PageSize.Bytes;
        if (bytes > Pipe.LargestAsked)
            return Errno.EINVAL;
        while (capacity < bytes)
            capacity *= 2;
        if (capacity > pipe->Capacity && capacity > (mayExceed ? Pipe.LargestCapacity : Pipe.MaxCapacity))
            return Errno.EPERM;
        return capacity < pipe->Capacity && capacity >> PageSize.Shift < UsedPages(pipe) ? Errno.EBUSY : Errno.Ok;
    }

    /// <summary>
    /// Gives a pipe a capacity that <see cref="CheckCapacity"/> has allowed. Ok, OutOfMemory or WouldBlock: then nothing has changed.
    /// </summary>
    public PageAccess SetCapacity(Pipe* pipe, uint capacity)
    {
        if (capacity == pipe->Capacity)
            return default;
        bool isInPlace = pipe->Length == 0 || (pipe->Head + pipe->Length <= pipe->Capacity && pipe->Head + pipe->Length <= capacity);
        PageAccess result = default;
        if (!isInPlace)
            result = MoveBytes(pipe, capacity);
        else if (pipe->Data != null)
            result.Status = _files.Memory.Resize(pipe->Data, capacity >> PageSize.Shift);
        if (!result.IsOk)
            return result;
        pipe->Capacity = capacity;
        _files.MarkChanged(&pipe->Header);
        _files.Waker.WakeAll(&pipe->Writable);
        return result;
    }

    private static uint UsedPages(Pipe* pipe)
        => pipe->Length == 0 ? 0 : (uint)(((pipe->Head & PageSize.OffsetMask) + pipe->Length + PageSize.OffsetMask) >> PageSize.Shift);

    private PageAccess MoveBytes(Pipe* pipe, uint capacity)
    {
        // All that may have to be read in first, so that a new ring is not filled again and again.
        PageAccess ready = CopyPages(pipe, null);
        if (!ready.IsOk)
            return ready;
        VmObject* ring = _files.Memory.CreateObject(_files.TrackerOf(&pipe->Header), capacity >> PageSize.Shift, VmObjectFlags.File);
        if (ring == null)
            return new PageAccess { Status = MemoryStatus.OutOfMemory };
        PageAccess copied = CopyPages(pipe, ring);
        if (!copied.IsOk)
        {
            _files.Memory.Release(ring);
            return copied;
        }
        _files.Memory.Release(pipe->Data);
        pipe->Data = ring;
        pipe->Head &= (uint)PageSize.OffsetMask;
        return copied;
    }

    private PageAccess CopyPages(Pipe* pipe, VmObject* ring)
    {
        uint pages = UsedPages(pipe);
        uint ringPages = pipe->Capacity >> PageSize.Shift;
        for (uint i = 0; i < pages; i++)
        {
            PageAccess from = _files.Memory.GetPageForRead(pipe->Data, ((pipe->Head >> PageSize.Shift) + i) % ringPages);
            if (!from.IsOk)
                return from;
            if (ring == null)
                continue;
            PageAccess to = _files.Memory.GetPageForWrite(ring, i, true);
            if (!to.IsOk)
                return to;
            PageContents.Copy(to.Address, from.Address);
        }
        return default;
    }
}
