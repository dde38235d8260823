// A pipe's bytes where they lie: for calls that move them between pipes, files and memory without a buffer in between (splice, tee,
// vmsplice). A page is valid within the dispatch. Whoever puts bytes into a page or takes them says so afterwards, and only then do others
// see it.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

public sealed unsafe partial class PipeOperations
{
    /// <summary>
    /// The bytes of a pipe from one on, as far as they lie in one page. The pipe has more than <paramref name="skipped"/> bytes.
    /// </summary>
    public PageAccess Bytes(Pipe* pipe, uint skipped, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        bool isInRest = skipped < pipe->RestLength;
        ulong place = isInRest ? ((ulong)pipe->RestHead + skipped) % (pipe->Rest->SizePages << PageSize.Shift)
            : (pipe->Head + skipped - pipe->RestLength) % pipe->Capacity;
        uint left = (isInRest ? pipe->RestLength : pipe->Length) - skipped;
        int start = (int)(place & PageSize.OffsetMask);
        PageAccess page = memory.Pages.GetForRead(isInRest ? pipe->Rest : pipe->Data, place >> PageSize.Shift);
        if (page.IsOk)
            bytes = new ReadOnlySpan<byte>(page.Address + start, (int)Math.Min(left, (uint)(PageSize.Bytes - start)));
        return page;
    }

    /// <summary>The room behind a pipe's bytes and those that are about to be put there, as far as it lies in one page.</summary>
    public PageAccess Room(Pipe* pipe, uint ahead, out Span<byte> room)
    {
        room = default;
        if (!EnsureData(pipe))
            return new PageAccess { Status = MemoryStatus.OutOfMemory };
        uint place = (pipe->Tail + ahead) % pipe->Capacity;
        int start = (int)(place & PageSize.OffsetMask);
        PageAccess page = memory.Pages.GetForWrite(pipe->Data, place >> PageSize.Shift, false);
        if (page.IsOk)
            room = new Span<byte>(page.Address + start, (int)Math.Min(pipe->Free - ahead, (uint)(PageSize.Bytes - start)));
        return page;
    }

    /// <summary>The bytes that were put into the room are the pipe's.</summary>
    public void Put(Pipe* pipe, uint bytes) => Produce(pipe, bytes);

    /// <summary>The first bytes have been taken.</summary>
    public void Taken(Pipe* pipe, uint bytes) => Consume(pipe, bytes);

    /// <summary>
    /// Puts what there is room for into a pipe, waiting only while there is none and nothing has been put (vmsplice, splice between pipes).
    /// </summary>
    public SystemCallResult PutSome(Pipe* pipe, ref FileTransfer transfer, bool mayWait)
    {
        while (transfer.Remaining > 0)
        {
            if (!pipe->HasReader)
                return transfer.Finish(Errno.EPIPE);
            if (pipe->Free == 0)
                break;
            SystemCallResult result = WriteStep(pipe, ref transfer, isAtomic: false, out bool isDone);
            if (!isDone)
                return result;
            if (transfer.MustPause())
                return transfer.Pause();
        }
        if (transfer.Remaining == 0 || transfer.Done > 0)
            return transfer.Finish();
        return mayWait ? transfer.Wait(&pipe->Writable) : Errno.EAGAIN;
    }

    /// <summary>Gives what a pipe has, waiting only while it has nothing and nothing has been given (vmsplice).</summary>
    public SystemCallResult GiveSome(Pipe* pipe, ref FileTransfer transfer, bool mayWait)
    {
        SystemCallResult result = Give(pipe, ref transfer, mayWait);
        if (result.Outcome != SystemCallOutcome.Blocked)
            EndLook(transfer.Thread, &pipe->Readable, isMoreLeft: pipe->Length > 0);
        return result;
    }

    private SystemCallResult Give(Pipe* pipe, ref FileTransfer transfer, bool mayWait)
    {
        while (transfer.Remaining > 0 && pipe->Length > 0)
        {
            PageAccess page = Bytes(pipe, 0, out ReadOnlySpan<byte> bytes);
            if (!page.IsOk)
                return transfer.Stop(in page);
            ulong before = transfer.Done;
            TransferStatus status = transfer.Give(bytes[..(int)Math.Min((ulong)bytes.Length, transfer.Remaining)]);
            Consume(pipe, (uint)(transfer.Done - before));
            if (status != TransferStatus.Ok)
                return transfer.Stop(status);
            if (transfer.MustPause())
                return transfer.Pause();
        }
        if (transfer.Done > 0 || transfer.Remaining == 0 || !pipe->HasWriter)
            return transfer.Finish();
        return mayWait ? transfer.WaitAlone(&pipe->Readable) : Errno.EAGAIN;
    }
}
