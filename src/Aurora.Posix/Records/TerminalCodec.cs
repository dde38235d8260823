using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Terminals;

namespace Aurora.Posix.Records;

/// <summary>Captures terminals and puts them back: the console, and those whose line is a master.</summary>
public sealed unsafe class TerminalCodec(TerminalService terminals) : RecordCodec
{
    private const int LineEndBytes = Terminal.InputBytes / 8;

    private const byte VersionOfConsoles = 1;

    public override ObjectKind Kind => ObjectKind.Terminal;

    /// <summary>Version 1 had no pseudo-terminals.</summary>
    public override byte Version => 2;
    public override int LargestPayload => TerminalRecord.Bytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        TerminalRecord record = Describe((Terminal*)header);
        return Write(payload, in record);
    }

    private static TerminalRecord Describe(Terminal* terminal)
    {
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
        if (terminal->IsPseudo)
            Describe(in terminal->Pseudo, ref record);
        return record;
    }

    private static void Describe(in PseudoTerminal pseudo, ref TerminalRecord record)
    {
        record.Node = IdOf(pseudo.Node);
        record.MasterTail = pseudo.MasterTail;
        record.Number = pseudo.Number;
        record.PseudoFlags = pseudo.Flags;
        record.PacketStatus = pseudo.Status;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Terminal* terminal = (Terminal*)header;
        return IsLiveOrNone(terminal->Session, ObjectKind.Session) && IsValid(Describe(terminal))
            && (terminal->IsPseudo ? IsPseudoSound(terminal) : terminal == terminals.ConsoleOf(header));
    }

    private static bool IsPseudoSound(Terminal* terminal)
        => IsHeld(terminal->Pseudo.Node, ObjectKind.Inode) && HasNode(terminal) && IsOpen(terminal) && IsOfItsSession(terminal);

    // As SessionCodec.HasItsTerminal.
    private static bool IsOfItsSession(Terminal* terminal)
        => terminal->Session == null || terminal->Session->Terminal == &terminal->Header;

    // The whole of what a record may say, and what a capture finds.
    private static bool IsValid(in TerminalRecord record)
        => record.InputTail <= record.LineHead && record.LineHead <= record.InputHead
            && record.InputHead - record.InputTail <= Terminal.InputBytes
            && (record.Flags & ~TerminalRecordFlags.All) == 0
            && ((record.Flags & TerminalRecordFlags.Pseudo) != 0 ? IsPseudoValid(in record) : HasNoMaster(in record));

    private static bool HasNoMaster(in TerminalRecord record)
        => record.Node.IsNone && record.MasterTail == 0 && record.Number == 0 && record.PseudoFlags == PseudoTerminalFlags.None
            && record.PacketStatus == PacketStatus.None;

    private static bool IsPseudoValid(in TerminalRecord record)
    {
        bool isHungUp = (record.PseudoFlags & PseudoTerminalFlags.HungUp) != 0;
        return !record.Node.IsNone && record.Number is >= 0 and < TerminalNodes.Most
            && record.MasterTail <= record.ScreenEnd && record.ScreenEnd - record.MasterTail <= Terminal.ScreenBytes
            && (record.Flags & (TerminalRecordFlags.Plain | TerminalRecordFlags.Ended)) == 0
            && (record.PseudoFlags & ~PseudoTerminalFlags.All) == 0 && (record.PacketStatus & ~PacketStatus.All) == 0
            && (!isHungUp || (record.Session.IsNone && record.PacketStatus == PacketStatus.None
                && (record.PseudoFlags & (PseudoTerminalFlags.Packets | PseudoTerminalFlags.Left)) == 0));
    }

    private static bool HasNode(Terminal* terminal)
        => terminal->Pseudo.Node->IsTerminal && terminal->Pseudo.Node->Device == terminal->Pseudo.Device;

    // One master unless it is hung up, and somebody who has it open; who has left is not there.
    private static bool IsOpen(Terminal* terminal)
        => terminal->Pseudo.Masters == (terminal->IsHungUp ? 0 : 1) && (terminal->Pseudo.Slaves > 0 || !terminal->IsHungUp)
            && (terminal->Pseudo.Slaves == 0 || !terminal->Pseudo.Is(PseudoTerminalFlags.Left));

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        if (version is not (VersionOfConsoles or 2))
            return RestoreStatus.UnknownVersion;
        if (payload.Length != (version == VersionOfConsoles ? TerminalRecord.BytesOfVersion1 : TerminalRecord.Bytes))
            return RestoreStatus.BadRecord;
        TerminalRecord record = Reread(payload);
        if (!IsValid(in record))
            return RestoreStatus.BadRecord;
        bool isPseudo = (record.Flags & TerminalRecordFlags.Pseudo) != 0;
        Terminal* terminal = terminals.Life.AllocateTerminal(isPseudo);
        if (terminal == null)
            return RestoreStatus.OutOfMemory;
        tracker.Adopt(&terminal->Header, Kind, id);
        Fill(terminal, record);
        return isPseudo ? terminals.Pseudo.Restore(terminal) : RestoreStatus.Ok;
    }

    // What an older record does not have is zero.
    private static TerminalRecord Reread(ReadOnlySpan<byte> payload)
    {
        TerminalRecord record = default;
        payload.CopyTo(new Span<byte>(&record, sizeof(TerminalRecord)));
        return record;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        Terminal* terminal = (Terminal*)header;
        TerminalRecord record = Reread(payload);
        Session* session = (Session*)tracker.Find(record.Session, ObjectKind.Session);
        if (session == null && !record.Session.IsNone)
            return RestoreStatus.MissingReference;
        terminal->Session = session;
        return terminal->IsPseudo ? LinkNode(tracker, terminal, record.Node) : RestoreStatus.Ok;
    }

    private RestoreStatus LinkNode(ObjectTracker tracker, Terminal* terminal, ObjectId id)
    {
        var node = (Inode*)tracker.Find(id, ObjectKind.Inode);
        if (node == null)
            return RestoreStatus.MissingReference;
        terminal->Pseudo.Node = node;
        if (!HasNode(terminal))
            return RestoreStatus.BadRecord;
        terminals.Pseudo.HoldNode(node);
        if (!terminal->IsHungUp)
            terminals.Pseudo.Show(terminal);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        Terminal* terminal = (Terminal*)header;
        if (!terminal->IsPseudo)
            return terminals.Life.AdoptConsole(terminal);
        return TerminalLife.IsWhole(terminal) && IsOpen(terminal) && IsOfItsSession(terminal) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }

    private static TerminalRecordFlags FlagsOf(Terminal* terminal)
    {
        TerminalRecordFlags flags = terminal->IsPlain ? TerminalRecordFlags.Plain : TerminalRecordFlags.None;
        flags |= terminal->IsEnded ? TerminalRecordFlags.Ended : 0;
        flags |= terminal->IsOutputStopped ? TerminalRecordFlags.OutputStopped : 0;
        flags |= terminal->IsExclusive ? TerminalRecordFlags.Exclusive : 0;
        flags |= terminal->IsPseudo ? TerminalRecordFlags.Pseudo : 0;
        return flags | (terminal->IsLiteralNext ? TerminalRecordFlags.LiteralNext : 0);
    }

    private static void Fill(Terminal* terminal, TerminalRecord record)
    {
        terminal->IsPlain = (record.Flags & TerminalRecordFlags.Plain) != 0;
        terminal->IsEnded = (record.Flags & TerminalRecordFlags.Ended) != 0;
        terminal->IsOutputStopped = (record.Flags & TerminalRecordFlags.OutputStopped) != 0;
        terminal->IsLiteralNext = (record.Flags & TerminalRecordFlags.LiteralNext) != 0;
        terminal->IsExclusive = (record.Flags & TerminalRecordFlags.Exclusive) != 0;
        terminal->IsPseudo = (record.Flags & TerminalRecordFlags.Pseudo) != 0;
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
        terminal->Pseudo.MasterTail = record.MasterTail;
        terminal->Pseudo.Number = record.Number;
        terminal->Pseudo.Flags = record.PseudoFlags;
        terminal->Pseudo.Status = record.PacketStatus;
    }
}
