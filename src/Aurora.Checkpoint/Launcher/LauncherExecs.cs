// Runs programs in groups for the launcher, as ExecService does for processes of the host: who asks is no process, and never ends. The main
// loop has everything looked at that may have come about since its last turn; nothing here waits, and a turn shows at most what the line to
// the launcher has room for. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>The programs that the launcher runs.</summary>
public sealed unsafe class LauncherExecs(
    LauncherExecTable table, GroupService groups, ExecService execs, Transfers transfers, ObjectTracker host, LauncherLines lines)
{
    private const int SignalStatus = 128;

    // Who asks: no process.
    private static ObjectId Nobody => default;

    /// <summary>
    /// Called every turn of the main loop. Once the session ends nothing is done in it: no program begins, or gets input.
    /// </summary>
    public void Pump(bool isEnding)
    {
        if (!table.IsUsed)
            return;
        for (int i = 0; i < LauncherExecTable.Capacity; i++)
            Advance(table.At(i), isEnding);
        bool isMore = true;
        while (isMore && lines.HasRoom)
        {
            isMore = false;
            for (int i = 0; i < LauncherExecTable.Capacity && lines.HasRoom; i++)
                isMore |= table.At(i)->Phase == LauncherExecPhase.Running && Show(table.At(i));
        }
    }

    /// <summary>Nobody is there any more.</summary>
    internal void Forget(LauncherExec* place)
    {
        place->IsForgotten = true;
        if (place->Phase == LauncherExecPhase.Asked)
            return;
        if (place->Phase == LauncherExecPhase.Running)
            execs.Forget(place->Exec, Nobody);
        table.Free(place);
    }

    private void Advance(LauncherExec* place, bool isEnding)
    {
        if (place->Phase == LauncherExecPhase.Asking && !isEnding)
            Ask(place);
        if (place->Phase == LauncherExecPhase.Asked)
            AwaitOrder(place);
        if (place->Phase == LauncherExecPhase.Running && !place->IsDetached && !isEnding)
            Feed(place);
    }

    // Its strings are in memory until the order has them.
    private void Ask(LauncherExec* place)
    {
        var request = new GroupRequest { Verb = GroupVerb.Exec, Flags = place->IsDetached ? GroupRequest.IsDetached : 0 };
        ReadOnlySpan<byte> text = new(place->Text, place->TextBytes);
        if (!TryTake(ref text, new Span<byte>(request.Group, GroupRequest.NameBytes))
            || !TryTake(ref text, new Span<byte>(request.Root, GroupRequest.RootBytes)))
        {
            Fail(place, Errno.ENAMETOOLONG);
            return;
        }
        var program = new ProgramStrings(text, place->ArgumentCount, place->EnvironmentCount);
        Errno error = groups.Ask(host, Nobody, in request, in program, out place->Ticket);
        if (error == Errno.EAGAIN)
            return;
        if (error != Errno.Ok)
        {
            Fail(place, error);
            return;
        }
        table.ForgetText(place);
        place->Phase = LauncherExecPhase.Asked;
    }

    // A string and its NUL; false when it does not fit.
    private static bool TryTake(ref ReadOnlySpan<byte> text, Span<byte> field)
    {
        int bytes = text.IndexOf((byte)0);
        if (bytes >= field.Length)
            return false;
        text[..bytes].CopyTo(field);
        text = text[(bytes + 1)..];
        return true;
    }

    private void AwaitOrder(LauncherExec* place)
    {
        if (!groups.IsDone(place->Ticket, out long result))
            return;
        if (place->IsForgotten)
        {
            if (result >= 0)
                execs.Forget((ulong)result, Nobody);
            table.Free(place);
            return;
        }
        if (result < 0)
        {
            Fail(place, (Errno)(int)-result);
            return;
        }
        place->Exec = (ulong)result;
        place->Phase = LauncherExecPhase.Running;
    }

    // Moves input on into the pipe as far as there is room, and tells when there is room here again.
    private void Feed(LauncherExec* place)
    {
        while (place->InputWaiting > 0)
        {
            var transfer = new FileTransfer(transfers, null, place->Input + place->InputStart, (ulong)place->InputWaiting);
            SystemCallResult result = execs.Put(place->Exec, Nobody, ref transfer);
            if (result.IsError && (Errno)(int)-result.Value is Errno.EPIPE or Errno.ECANCELED)
                EndInput(place);
            // There is no room, or no memory for it: later.
            else if (result.IsError || result.Value == 0)
                break;
            else
                place->InputStart += (int)result.Value;
        }
        if (place->HasInputEnded && place->InputWaiting == 0 && !place->IsInputOver)
        {
            place->IsInputOver = true;
            execs.EndInput(place->Exec, Nobody);
        }
        int room = LauncherExecTable.InputBytes - place->InputWaiting - place->Room;
        if (place->HasInputEnded || place->IsInputOver || room < LauncherExecTable.InputBytes / 2)
            return;
        place->Room += room;
        lines.Tell(place->Number, "room"u8, room);
    }

    // Nobody reads it: what is still on its way is dropped.
    private void EndInput(LauncherExec* place)
    {
        place->InputStart = place->InputEnd = 0;
        if (!place->IsInputOver)
            lines.Tell(place->Number, "closed"u8);
        place->IsInputOver = true;
    }

    // True when something was shown, and there may be more.
    private bool Show(LauncherExec* place)
    {
        Errno error = execs.Look(place->Exec, Nobody, out SlsOutput news);
        if (error == Errno.EAGAIN)
            return false;
        if (error != Errno.Ok)
        {
            // It is not known any more after that.
            if (error != Errno.ECANCELED)
                execs.Forget(place->Exec, Nobody);
            Fail(place, error);
            return false;
        }
        if (news.Stream == 0)
        {
            TellEnd(place, in news);
            return false;
        }
        return place->Wanted != 0 && ShowPiece(place, news.Stream);
    }

    private bool ShowPiece(LauncherExec* place, int stream)
    {
        PageAccess page = execs.Bytes(place->Exec, Nobody, stream, out ReadOnlySpan<byte> bytes);
        if (page.Status is MemoryStatus.WouldBlock or MemoryStatus.OutOfMemory)
            return false;
        if (!page.IsOk)
        {
            execs.Forget(place->Exec, Nobody);
            Fail(place, Errno.EIO);
            return false;
        }
        bytes = bytes[..(int)Math.Min((ulong)Math.Min(bytes.Length, LauncherLines.PieceBytes), place->Wanted)];
        lines.Show(place->Number, stream == 1 ? "out"u8 : "err"u8, bytes);
        place->Wanted -= (ulong)bytes.Length;
        execs.Taken(place->Exec, Nobody, stream, bytes.Length);
        return true;
    }

    private void TellEnd(LauncherExec* place, in SlsOutput news)
    {
        execs.Forget(place->Exec, Nobody);
        place->Phase = LauncherExecPhase.Told;
        if (news.Error != 0)
            lines.Tell(place->Number, "unstarted"u8, news.Error);
        else if (place->IsDetached)
            lines.Tell(place->Number, "began"u8, news.ProcessId);
        else
            lines.Tell(place->Number, "ended"u8, WaitStatus.IsExit(news.WaitStatus) ? WaitStatus.ExitCode(news.WaitStatus)
                : SignalStatus + WaitStatus.SignalOf(news.WaitStatus));
    }

    private void Fail(LauncherExec* place, Errno error)
    {
        table.ForgetText(place);
        place->Phase = LauncherExecPhase.Told;
        lines.Tell(place->Number, "failed"u8, (long)error);
    }
}
