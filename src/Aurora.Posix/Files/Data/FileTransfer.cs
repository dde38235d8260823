// The memory side of a read or write, and how far it has come. It is the memory of the calling program (one buffer, or a vector of them that has
// been copied out of the program) or the kernel's own. A call that is dispatched again makes its transfer again and skips what was done (thread->Call.Progress);
// the file side advances its position together with Done, so the two always agree and a captured call continues exactly.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>A transfer in progress; lives on the stack of one dispatch.</summary>
public unsafe ref struct FileTransfer
{
    /// <summary>No call moves more: Linux's MAX_RW_COUNT.</summary>
    public const ulong MaxBytes = 0x7FFF_F000;

    /// <summary>Transfers stop at least this often at a point where they could be captured.</summary>
    public const ulong StepBytes = 64 * 1024;

    private readonly Transfers _transfers;
    private readonly UserMemory? _user;
    private readonly AddressSpace* _space;

    // The current piece, and the vector elements that follow it.
    private ulong _address;
    private ulong _length;
    private UserVector* _nextVector;
    private int _vectorsLeft;
    private WaitQueue* _page;
    private ulong _nextStep;

    /// <summary>The thread that waits when the transfer must; null: what would wait fails with EAGAIN.</summary>
    public readonly Thread* Thread;

    /// <summary>True for pread and pwrite: Position is used and the file's own offset left alone.</summary>
    public bool IsPositioned;
    public ulong Position;

    /// <summary>RWF_APPEND: this write goes to the end of the file.</summary>
    public bool IsAppending;

    /// <summary>RWF_NOWAIT: what would wait for a page fails with EAGAIN.</summary>
    public bool MustNotWait;

    /// <summary>Set by a write that met the process's limit on file sizes, which is told to it by a signal.</summary>
    public bool IsOverLimit;

    /// <summary>Bytes moved by this call, earlier dispatches included.</summary>
    public ulong Done { get; private set; }

    /// <summary>Bytes still to move.</summary>
    public ulong Remaining { get; private set; }

    /// <summary>The error the transfer ended with, also when its result is the count of what was moved before.</summary>
    public Errno Error { get; private set; }

    /// <summary>A transfer to or from kernel memory.</summary>
    public FileTransfer(Transfers transfers, Thread* thread, void* memory, ulong length, ulong done = 0)
    {
        _transfers = transfers;
        Thread = thread;
        _address = (ulong)memory;
        _length = Remaining = length;
        Done = done;
        _nextStep = done + StepBytes;
    }

    /// <summary>A transfer to or from one buffer of the calling program, of which <paramref name="done"/> bytes have been moved.</summary>
    public FileTransfer(Transfers transfers, Thread* thread, ulong address, ulong length, ulong done)
    {
        _transfers = transfers;
        _user = transfers.User;
        _space = (AddressSpace*)thread->Process->AddressSpace;
        Thread = thread;
        length = Math.Min(length, MaxBytes);
        // More done than asked for can only come from a doctored checkpoint: then nothing is left to do.
        done = Math.Min(done, length);
        _address = address + done;
        _length = Remaining = length - done;
        Done = done;
        _nextStep = done + StepBytes;
    }

    /// <summary>
    /// A transfer to or from a vector of the calling program, <see cref="Transfers.Vectors"/>, whose elements add up to
    /// <paramref name="total"/> bytes, of which <paramref name="done"/> have been moved.
    /// </summary>
    public FileTransfer(Transfers transfers, Thread* thread, int count, ulong total, ulong done)
    {
        _transfers = transfers;
        _user = transfers.User;
        _space = (AddressSpace*)thread->Process->AddressSpace;
        Thread = thread;
        _nextVector = transfers.Vectors;
        _vectorsLeft = count;
        Remaining = Math.Min(total, MaxBytes);
        // A vector that has become shorter than what was moved has nothing left.
        Skip(Math.Min(done, Remaining));
        _nextStep = Done + StepBytes;
    }

    public readonly bool IsKernelMemory => _user is null;

    /// <summary>Copies bytes to the program and counts them.</summary>
    public TransferStatus Give(scoped ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            NextPiece();
            int count = (int)Math.Min(_length, (ulong)source.Length);
            if (_user is null)
                source[..count].CopyTo(new Span<byte>((void*)_address, count));
            else if (!Check(_user.Write(_space, new VirtualAddress(_address), source[..count]), out TransferStatus status))
                return status;
            Advance((ulong)count);
            source = source[count..];
        }
        return TransferStatus.Ok;
    }

    /// <summary>Copies bytes from the program and counts them.</summary>
    public TransferStatus Take(scoped Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            NextPiece();
            int count = (int)Math.Min(_length, (ulong)destination.Length);
            if (_user is null)
                new ReadOnlySpan<byte>((void*)_address, count).CopyTo(destination);
            else if (!Check(_user.Read(_space, new VirtualAddress(_address), destination[..count]), out TransferStatus status))
                return status;
            Advance((ulong)count);
            destination = destination[count..];
        }
        return TransferStatus.Ok;
    }

    /// <summary>As above, without looking for the bytes again where <see cref="Prepare"/> has found them.</summary>
    public TransferStatus Take(scoped Span<byte> destination, scoped in UserPages found)
    {
        // What was found begins with the next piece, if this one is used up.
        if (!destination.IsEmpty)
            NextPiece();
        if ((ulong)destination.Length > _length || !found.Covers(new VirtualAddress(_address), destination.Length))
            return Take(destination);
        found.CopyTo(new VirtualAddress(_address), destination);
        Advance((ulong)destination.Length);
        return TransferStatus.Ok;
    }

    /// <summary>Gives zero bytes.</summary>
    public TransferStatus GiveZeroes(ulong bytes)
    {
        while (bytes > 0)
        {
            NextPiece();
            ulong count = Math.Min(Math.Min(_length, bytes), StepBytes);
            if (_user is null)
                new Span<byte>((void*)_address, (int)count).Clear();
            else if (!Check(_user.Fill(_space, new VirtualAddress(_address), count, 0), out TransferStatus status))
                return status;
            Advance(count);
            bytes -= count;
        }
        return TransferStatus.Ok;
    }

    /// <summary>Counts bytes as moved without touching them (writes to /dev/null).</summary>
    public void Skip(ulong bytes)
    {
        while (bytes > 0)
        {
            NextPiece();
            ulong count = Math.Min(_length, bytes);
            Advance(count);
            bytes -= count;
        }
    }

    /// <summary>Bytes that are left of the buffer, or of the element of the vector, that is next.</summary>
    public ulong PieceBytes()
    {
        if (Remaining == 0)
            return 0;
        NextPiece();
        return _length;
    }

    /// <summary>Makes the next bytes of the program's memory accessible, so that moving them neither fails nor waits in this dispatch.</summary>
    /// <param name="bytes">How many.</param>
    /// <param name="willGive">Whether they will be given or taken.</param>
    /// <param name="found">Where they are, if they are in one buffer; may be null.</param>
    public TransferStatus Prepare(ulong bytes, bool willGive, UserPages* found = null)
    {
        if (_user is null)
            return TransferStatus.Ok;
        // A copy of the cursor walks ahead; the transfer itself stays where it is.
        FileTransfer ahead = this;
        while (bytes > 0)
        {
            ahead.NextPiece();
            ulong count = Math.Min(ahead._length, bytes);
            found = count == bytes ? found : null;
            AccessResult access = _user.Probe(_space, new VirtualAddress(ahead._address), count, willGive, found);
            bool isReady = ahead.Check(in access, out TransferStatus status);
            _page = ahead._page;
            if (!isReady)
                return status;
            ahead.Advance(count);
            bytes -= count;
        }
        return TransferStatus.Ok;
    }

    /// <summary>Waits on a queue for another program or a device. A signal ends the call with what is done, or restarts it.</summary>
    public SystemCallResult Wait(WaitQueue* queue)
    {
        if (Thread == null)
            return Finish(Errno.EAGAIN);
        Thread->Call.Progress = Done;
        _transfers.Waker.BlockOn(Thread, queue);
        return SystemCallResult.BlockedWith((long)Done);
    }

    /// <summary>As <see cref="Wait"/>, for what one takes away from the others: each wake-up is for one of those who wait so.</summary>
    public SystemCallResult WaitAlone(WaitQueue* queue)
    {
        if (Thread == null)
            return Finish(Errno.EAGAIN);
        Thread->Call.Progress = Done;
        _transfers.Waker.BlockAloneOn(Thread, queue);
        return SystemCallResult.BlockedWith((long)Done);
    }

    /// <summary>False when the call must end where it would wait.</summary>
    internal readonly bool MayWait => Thread != null && !MustNotWait;

    /// <summary>Waits for a page to be read in; signals do not end that.</summary>
    public SystemCallResult WaitForPage(WaitQueue* queue)
    {
        if (Thread == null || MustNotWait)
            return Finish(Errno.EAGAIN);
        Thread->Call.Progress = Done;
        _transfers.Waker.BlockOn(Thread, queue);
        return SystemCallResult.BlockedUninterruptible;
    }

    /// <summary>
    /// True when enough has been moved in this dispatch and something waits for the main loop: the call should stop between two steps.
    /// </summary>
    public bool MustPause()
    {
        if (Done < _nextStep || Thread == null)
            return false;
        _nextStep = Done + StepBytes;
        return Remaining > 0 && _transfers.IsPauseDue;
    }

    /// <summary>Stops between two steps; the call goes on when others have run. Signals that do not kill leave it alone.</summary>
    public readonly SystemCallResult Pause()
    {
        Thread->Call.Progress = Done;
        return SystemCallResult.Again;
    }

    /// <summary>As <see cref="Pause"/>, but any signal ends the call with what is done.</summary>
    public readonly SystemCallResult PauseInterruptibly()
    {
        Thread->Call.Progress = Done;
        return SystemCallResult.AgainWith((long)Done);
    }

    /// <summary>Ends or suspends the call after a step on the program's memory that was not Ok.</summary>
    public SystemCallResult Stop(TransferStatus status) => status switch
    {
        TransferStatus.WouldBlock => WaitForPage(_page),
        TransferStatus.OutOfMemory => Finish(Errno.ENOMEM),
        _ => Finish(Errno.EFAULT),
    };

    /// <summary>Ends or suspends the call after a page of the file could not be had.</summary>
    public SystemCallResult Stop(in PageAccess access) => access.Status switch
    {
        MemoryStatus.WouldBlock => WaitForPage(access.Wait),
        MemoryStatus.OutOfMemory => Finish(Errno.ENOSPC),
        _ => Finish(Errno.EIO),
    };

    /// <summary>The end of the call: what was moved, or the error when that is nothing.</summary>
    public SystemCallResult Finish(Errno error = Errno.Ok)
    {
        Error = error;
        return Done > 0 || error == Errno.Ok ? SystemCallResult.Done((long)Done) : SystemCallResult.Fail(error);
    }

    // The pieces add up to what remains, since both come from the same copy of the vector.
    private void NextPiece()
    {
        while (_length == 0)
        {
            Panic.Unless(_vectorsLeft > 0, "transfer: moved more than there was"u8);
            _address = _nextVector->Address.Value;
            _length = Math.Min(_nextVector->Length, Remaining);
            _nextVector++;
            _vectorsLeft--;
        }
    }

    private void Advance(ulong bytes)
    {
        Panic.Unless(bytes <= _length, "transfer: moved more than the piece has"u8);
        _address += bytes;
        _length -= bytes;
        Remaining -= bytes;
        Done += bytes;
        if (IsPositioned)
            Position += bytes;
    }

    private bool Check(in AccessResult access, out TransferStatus status)
    {
        status = access.Status switch
        {
            MemoryStatus.Ok => TransferStatus.Ok,
            MemoryStatus.WouldBlock => TransferStatus.WouldBlock,
            MemoryStatus.OutOfMemory => TransferStatus.OutOfMemory,
            _ => TransferStatus.Fault,
        };
        _page = access.Wait;
        return status == TransferStatus.Ok;
    }
}
