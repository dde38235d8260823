// What is told of programs that are run in groups from outside (ExecService). Bytes stay in the pipe they were written to until they
// are shown; so a program that writes much waits for who reads, and for the disk. Each stream is a sink with a gate (OutputGate), by
// positions in all that was ever put into its pipe, in bytes. They are held when somebody looks: everything that is in the pipe by then is
// covered by the epoch that is captured next.
// Somebody in the group may take from the pipe as well, before it is held.
// The end is told like that too: what was written until it was noticed, and then how the program ended. Who has been told closes the
// outer ends, whoever else in the group has the inner ones. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>Programs that are run in groups from outside.</summary>
public sealed unsafe class GroupExecs(GroupSession session, GroupExecTable table) : ExecService
{
    private const int OutputStream = 1;
    private const int ErrorStream = 2;

    /// <inheritdoc/>
    public override Errno Look(ulong number, ObjectId asker, out SlsOutput news)
    {
        news = default;
        GroupExec* exec = table.Find(number, asker);
        if (exec != null && exec->Phase == ExecPhase.Gone)
            table.Dismiss(exec);
        if (exec == null || exec->Phase is ExecPhase.None or ExecPhase.Gone)
            return Errno.ECANCELED;
        ObjectTracker group = session.Tracked.OfGroup(exec->Group);
        news.ProcessId = exec->ProcessId;
        bool isOver = exec->Phase == ExecPhase.Ended || (exec->IsDetached && exec->Phase == ExecPhase.Running);
        if (isOver && !exec->IsEndMarked)
            MarkEnd(exec, group);
        news.Stream = Advance(&exec->Output, group, !isOver) ? OutputStream : Advance(&exec->Errors, group, !isOver) ? ErrorStream : 0;
        if (news.Stream != 0)
            return Errno.Ok;
        if (isOver && session.Engine.IsDurable(group, new Epoch(exec->EndEpoch)))
        {
            news.WaitStatus = exec->Phase == ExecPhase.Ended ? exec->WaitStatus : 0;
            news.Error = (int)exec->Failure;
            return Errno.Ok;
        }
        return session.Engine.Life.HasFailed(group) ? Errno.EIO : Errno.EAGAIN;
    }

    /// <inheritdoc/>
    public override void Await(Thread* thread, ulong number, ObjectId asker)
    {
        GroupExec* exec = table.Find(number, asker);
        session.Scheduler.BlockOn(thread, &exec->Changed);
        session.Scheduler.BlockOn(thread, session.Engine.DurableOf(session.Tracked.OfGroup(exec->Group)));
        if (exec->Output.File != null)
            session.Scheduler.BlockOn(thread, &exec->Output.Pipe->Readable);
        if (exec->Errors.File != null)
            session.Scheduler.BlockOn(thread, &exec->Errors.Pipe->Readable);
    }

    /// <inheritdoc/>
    public override PageAccess Bytes(ulong number, ObjectId asker, int stream, out ReadOnlySpan<byte> bytes)
    {
        ExecStream* shown = StreamOf(table.Find(number, asker), stream);
        PageAccess access = session.Files.Pipes.Bytes(shown->Pipe, 0, out bytes);
        if (access.IsOk)
            bytes = bytes[..(int)Math.Min((ulong)bytes.Length, shown->Available)];
        return access;
    }

    /// <inheritdoc/>
    public override void Taken(ulong number, ObjectId asker, int stream, int bytes)
        => session.Files.Pipes.Taken(StreamOf(table.Find(number, asker), stream)->Pipe, (uint)bytes);

    /// <inheritdoc/>
    public override SystemCallResult Put(ulong number, ObjectId asker, ref FileTransfer transfer)
    {
        GroupExec* exec = table.Find(number, asker);
        if (exec == null || exec->Phase == ExecPhase.Gone)
            return Errno.ECANCELED;
        return exec->Input == null || exec->Phase == ExecPhase.Ended ? Errno.EPIPE
            : session.Files.Pipes.PutSome(exec->Input->Inode->Pipe, ref transfer, mayWait: false);
    }

    /// <inheritdoc/>
    public override Errno EndInput(ulong number, ObjectId asker)
    {
        GroupExec* exec = table.Find(number, asker);
        if (exec == null || exec->Phase == ExecPhase.Gone)
            return Errno.ECANCELED;
        table.CloseInput(exec);
        return Errno.Ok;
    }

    /// <inheritdoc/>
    public override void Forget(ulong number, ObjectId asker) => table.Dismiss(table.Find(number, asker));

    /// <inheritdoc/>
    public override ProgramStrings ProgramOf(Process* process)
    {
        GroupExec* exec = table.Of(process);
        return exec == null || exec->Text == null ? default
            : new ProgramStrings(new ReadOnlySpan<byte>(exec->Text, exec->TextBytes), exec->ArgumentCount, exec->EnvironmentCount);
    }

    /// <inheritdoc/>
    public override void Begun(Process* process)
    {
        GroupExec* exec = table.Of(process);
        if (exec != null)
            table.Become(exec, ExecPhase.Running);
    }

    /// <inheritdoc/>
    public override void Fail(Process* process, Errno error)
    {
        GroupExec* exec = table.Of(process);
        if (exec != null)
            exec->Failure = error;
    }

    private static ExecStream* StreamOf(GroupExec* exec, int stream) => stream == OutputStream ? &exec->Output : &exec->Errors;

    private void MarkEnd(GroupExec* exec, ObjectTracker group)
    {
        exec->IsEndMarked = true;
        exec->EndEpoch = session.Engine.Expect(group).Value;
        Hold(&exec->Output, new Epoch(exec->EndEpoch));
        Hold(&exec->Errors, new Epoch(exec->EndEpoch));
    }

    // True when there are bytes that may be shown.
    private bool Advance(ExecStream* stream, ObjectTracker group, bool mayHold)
    {
        if (stream->File == null)
            return false;
        if (mayHold && stream->Pipe->Produced > Math.Max(stream->Gate.Newest, stream->Pipe->Taken))
            Hold(stream, session.Engine.Expect(group));
        stream->Gate.Settle(session.Engine.LastDurableOf(group));
        return stream->Available > 0;
    }

    private static void Hold(ExecStream* stream, Epoch epoch)
    {
        if (stream->File != null)
            stream->Gate.Hold(epoch, stream->Pipe->Produced);
    }
}
