// Where the bytes of a socket's messages lie: each message in one stretch of a memory object, in a ring as long as that is possible.
//
//   in a row      ....[first ... last]........      the next one behind the last, or at the beginning if it does not fit there
//   around        [last]......[first ...    ]      the next one between the two
//   spread        [2nd ]......[first ...    |3rd]   what fits neither goes behind everything, and so does the rest until all that lies
//                                           ^ SpreadFrom      before is read: then that is a row
//
// So no byte is ever moved. An empty queue begins anew, which keeps a socket whose reader keeps up within a page, and gives back what is
// more than a pipe has. Protected by the kernel lock.
using System;
using System.Numerics;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>The pages of sockets' messages.</summary>
public sealed unsafe class SocketBytes(FileState state, MemoryManager memory)
{
    private const ulong KeptPages = 16;

    // A socket that many fill with large datagrams has no more.
    private const ulong MostPages = 1 << 17;

    /// <summary>Finds room for a message of so many bytes behind the last one. Ok or OutOfMemory.</summary>
    public MemoryStatus Reserve(Socket* socket, uint length, out uint position)
    {
        position = 0;
        SocketMessage* first = socket->FirstMessage;
        if (first == null)
            return EnsureBytes(socket, length);
        SocketMessage* last = socket->LastMessage;
        if (socket->SpreadFrom != 0 && first->Position >= socket->SpreadFrom)
            SetSpread(socket, 0);
        // The last one may still lie before the first: nothing has come of what was reserved then.
        position = Math.Max(last->End, socket->SpreadFrom);
        if (socket->SpreadFrom != 0)
            return EnsureBytes(socket, (ulong)position + length);
        uint capacity = CapacityOf(socket);
        if (last->Position >= first->Position)
        {
            if (position + length > capacity && length < first->Position)
                position = 0;
            return EnsureBytes(socket, (ulong)position + length);
        }
        // It ends before the first one, never at it: a queue that is around can be told from one that is in a row.
        if (position + length < first->Position)
            return MemoryStatus.Ok;
        position = capacity;
        MemoryStatus status = EnsureBytes(socket, (ulong)capacity + length);
        if (status == MemoryStatus.Ok)
            SetSpread(socket, capacity);
        return status;
    }

    /// <summary>The bytes of a message from one on, as far as they lie in one page; valid within the dispatch.</summary>
    public PageAccess Piece(Socket* socket, uint position, uint length, bool willWrite, out Span<byte> piece)
    {
        piece = default;
        ulong page = position >> PageSize.Shift;
        int start = (int)(position & PageSize.OffsetMask);
        PageAccess access = willWrite
            ? memory.Pages.GetForWrite(socket->Data, page, false) : memory.Pages.GetForRead(socket->Data, page);
        if (access.IsOk)
            piece = new Span<byte>(access.Address + start, (int)Math.Min(length, (uint)(PageSize.Bytes - start)));
        return access;
    }

    /// <summary>Makes sure that all pages of a message are there in this dispatch; else what one of them lacks.</summary>
    public PageAccess Prepare(Socket* socket, uint position, uint length, bool willWrite)
    {
        PageAccess access = default;
        for (uint done = 0; done < length && access.IsOk;)
        {
            access = Piece(socket, position + done, length - done, willWrite, out Span<byte> piece);
            done += (uint)piece.Length;
        }
        return access;
    }

    /// <summary>The queue has become empty.</summary>
    public void Emptied(Socket* socket)
    {
        SetSpread(socket, 0);
        // Without memory for that it stays as it is.
        if (socket->Data != null && socket->Data->SizePages > KeptPages)
            _ = memory.Objects.Resize(socket->Data, KeptPages);
    }

    /// <summary>The socket goes.</summary>
    public void End(Socket* socket)
    {
        if (socket->Data != null)
            memory.Objects.Release(socket->Data);
        socket->Data = null;
    }

    /// <summary>True when all of a message lies within the object.</summary>
    internal static bool Has(Socket* socket, uint position, uint length)
        => length == 0 || (socket->Data != null && (ulong)position + length <= socket->Data->SizePages << PageSize.Shift);

    private static uint CapacityOf(Socket* socket) => socket->Data == null ? 0 : (uint)(socket->Data->SizePages << PageSize.Shift);

    private void SetSpread(Socket* socket, uint from)
    {
        if (socket->SpreadFrom != from)
            state.MarkChanged(&socket->Header);
        socket->SpreadFrom = from;
    }

    private MemoryStatus EnsureBytes(Socket* socket, ulong bytes)
    {
        ulong pages = Math.Max(KeptPages, BitOperations.RoundUpToPowerOf2(PageSize.PagesFor(bytes)));
        if (pages > MostPages)
            return MemoryStatus.OutOfMemory;
        if (socket->Data != null)
            return bytes <= CapacityOf(socket) ? MemoryStatus.Ok : memory.Objects.Resize(socket->Data, pages);
        if (bytes == 0)
            return MemoryStatus.Ok;
        socket->Data = memory.Objects.Create(state.TrackerOf(&socket->Header), pages, VmObjectFlags.File);
        if (socket->Data == null)
            return MemoryStatus.OutOfMemory;
        // The call may yet have to wait: a checkpoint must not find an object nobody refers to.
        state.MarkChanged(&socket->Header);
        return MemoryStatus.Ok;
    }
}
