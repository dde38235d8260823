using System;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Tests;

/// <summary>One program, number 7, that somebody runs in a group; what it is told is what a test says.</summary>
internal sealed unsafe class TestExecs(WaitQueue* changed) : ExecService
{
    public const ulong Number = 7;

    private byte[] _program = [];
    private int _arguments, _environment;

    public WaitQueue* Changed => changed;

    /// <summary>What it has written that may be shown.</summary>
    public string Written { get; set; } = "";
    public int Stream { get; set; } = 1;
    public SlsOutput? End { get; set; }
    public bool IsGone { get; set; }
    public bool IsForgotten { get; private set; }
    public string Given { get; private set; } = "";
    public bool InputEnded { get; private set; }
    public int InputRoom { get; set; } = 100;
    public Process* Awaited { get; private set; }
    public bool HasBegun { get; private set; }
    public Errno Failure { get; private set; }

    /// <summary>A process that is to begin with a program.</summary>
    public void Expect(Process* process, string[] arguments, string[] environment)
    {
        Awaited = process;
        _program = Encoding.UTF8.GetBytes(string.Concat(Array.ConvertAll([.. arguments, .. environment], each => each + "\0")));
        (_arguments, _environment) = (arguments.Length, environment.Length);
    }

    public override Errno Look(ulong number, ObjectId asker, out SlsOutput news)
    {
        news = default;
        if (number != Number || IsGone)
            return Errno.ECANCELED;
        news = Written.Length != 0 ? new SlsOutput { Stream = Stream, ProcessId = 9 } : End ?? default;
        return Written.Length != 0 || End != null ? Errno.Ok : Errno.EAGAIN;
    }

    public override void Await(Thread* thread, ulong number, ObjectId asker) => Scheduler!.BlockOn(thread, changed);

    public ThreadScheduler? Scheduler { get; set; }

    public override PageAccess Bytes(ulong number, ObjectId asker, int stream, out ReadOnlySpan<byte> bytes)
    {
        bytes = Encoding.UTF8.GetBytes(Written);
        return new PageAccess { Status = MemoryStatus.Ok };
    }

    public override void Taken(ulong number, ObjectId asker, int stream, int bytes) => Written = Written[bytes..];

    public override SystemCallResult Put(ulong number, ObjectId asker, ref FileTransfer transfer)
    {
        if (number != Number || IsGone)
            return Errno.ECANCELED;
        byte[] bytes = new byte[Math.Min(InputRoom, (int)transfer.Remaining)];
        if (bytes.Length == 0)
            return Errno.EAGAIN;
        if (transfer.Take(bytes) != TransferStatus.Ok)
            return Errno.EFAULT;
        Given += Encoding.UTF8.GetString(bytes);
        return bytes.Length;
    }

    public override Errno EndInput(ulong number, ObjectId asker)
    {
        InputEnded = true;
        return number == Number ? Errno.Ok : Errno.ECANCELED;
    }

    public override void Forget(ulong number, ObjectId asker) => IsForgotten = true;

    public override ProgramStrings ProgramOf(Process* process)
        => process == Awaited ? new ProgramStrings(_program, _arguments, _environment) : default;

    public override void Begun(Process* process) => HasBegun |= process == Awaited;

    public override void Fail(Process* process, Errno error) => Failure = error;
}
