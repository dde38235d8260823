using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Terminals;

namespace Aurora.Posix.Records;

/// <summary>Captures terminals and puts them back; the first one restored is the console.</summary>
public sealed unsafe class TerminalCodec(TerminalService terminals) : RecordCodec
{
    private const int LineEndBytes = Terminal.InputBytes / 8;

    public override ObjectKind Kind => ObjectKind.Terminal;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        Terminal* terminal = (Terminal*)header;
        TerminalRecord record = default;
        record.Session = IdOf(terminal->Session);
        record.Flags = FlagsOf(terminal);
        record.ForegroundGroup = terminal->ForegroundGroup;
        record.InputHead = terminal->InputHead;
        record.LineHead = terminal->LineHead;
        record.InputTail = terminal->InputTail;
        record.ScreenEnd = terminal->ScreenEnd;
        record.Column = terminal->Column;
        record.LineColumn = terminal->LineColumn;
        record.Settings = terminal->Settings;
        record.Window = terminal->Window;
        new ReadOnlySpan<byte>(terminal->LineEnds, LineEndBytes).CopyTo(new Span<byte>(record.LineEnds, LineEndBytes));
        return Write(payload, in record);
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Terminal* terminal = (Terminal*)header;
        return IsLiveOrNone(terminal->Session, ObjectKind.Session) && terminal == terminals.ConsoleOf(header)
            && AreInOrder(terminal->InputTail, terminal->LineHead, terminal->InputHead);
    }

    private static bool AreInOrder(ulong tail, ulong line, ulong head) => tail <= line && line <= head && head - tail <= Terminal.InputBytes;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = ReadExactly(version, payload, out TerminalRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (!AreInOrder(record.InputTail, record.LineHead, record.InputHead) || (record.Flags & ~TerminalRecordFlags.All) != 0)
            return RestoreStatus.BadRecord;
        Terminal* terminal = terminals.Life.AllocateTerminal();
        if (terminal == null)
            return RestoreStatus.OutOfMemory;
        tracker.Adopt(&terminal->Header, Kind, id);
        Fill(terminal, record);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        TerminalRecord record = Reread<TerminalRecord>(payload);
        Session* session = (Session*)tracker.Find(record.Session, ObjectKind.Session);
        if (session == null && !record.Session.IsNone)
            return RestoreStatus.MissingReference;
        ((Terminal*)header)->Session = session;
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => terminals.Life.AdoptConsole((Terminal*)header);

    private static TerminalRecordFlags FlagsOf(Terminal* terminal)
    {
        TerminalRecordFlags flags = terminal->IsPlain ? TerminalRecordFlags.Plain : TerminalRecordFlags.None;
        flags |= terminal->IsEnded ? TerminalRecordFlags.Ended : 0;
        flags |= terminal->IsOutputStopped ? TerminalRecordFlags.OutputStopped : 0;
        return flags | (terminal->IsLiteralNext ? TerminalRecordFlags.LiteralNext : 0);
    }

    private static void Fill(Terminal* terminal, TerminalRecord record)
    {
        terminal->IsPlain = (record.Flags & TerminalRecordFlags.Plain) != 0;
        terminal->IsEnded = (record.Flags & TerminalRecordFlags.Ended) != 0;
        terminal->IsOutputStopped = (record.Flags & TerminalRecordFlags.OutputStopped) != 0;
        terminal->IsLiteralNext = (record.Flags & TerminalRecordFlags.LiteralNext) != 0;
        terminal->ForegroundGroup = record.ForegroundGroup;
        terminal->InputHead = record.InputHead;
        terminal->LineHead = record.LineHead;
        terminal->InputTail = record.InputTail;
        terminal->ScreenEnd = record.ScreenEnd;
        terminal->Column = record.Column & Terminal.ColumnMask;
        terminal->LineColumn = record.LineColumn & Terminal.ColumnMask;
        terminal->Settings = record.Settings;
        terminal->Window = record.Window;
        new ReadOnlySpan<byte>(record.LineEnds, LineEndBytes).CopyTo(new Span<byte>(terminal->LineEnds, LineEndBytes));
    }
}
