using System;
using Aurora.Base;
using Aurora.Posix.Terminals;

namespace Aurora.Posix.Records;

/// <summary>Captures the pieces of terminals' input and screen rings.</summary>
public sealed unsafe class TerminalTextCodec(TerminalService terminals) : RecordCodec
{
    public override ObjectKind Kind => ObjectKind.TerminalText;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        TerminalText* text = (TerminalText*)header;
        int length = Write(payload, new TerminalTextRecord { Terminal = text->Terminal->Header.Id, Index = text->Index });
        new ReadOnlySpan<byte>(text->Content, TerminalText.Bytes).CopyTo(payload[length..]);
        return length + TerminalText.Bytes;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        TerminalText* text = (TerminalText*)header;
        return IsValidIndex(text->Index) && IsLive(text->Terminal, ObjectKind.Terminal)
            && text->Terminal->Texts[text->Index] == (ulong)text;
    }

    private static bool IsValidIndex(int index) => (uint)index < Terminal.InputTexts + Terminal.ScreenTexts;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, out TerminalTextRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        bool isValid = payload.Length == TerminalTextRecord.Bytes + TerminalText.Bytes
            && IsValidIndex(record.Index);
        if (!isValid)
            return RestoreStatus.BadRecord;
        TerminalText* text = terminals.Life.AllocateText();
        if (text == null)
            return RestoreStatus.OutOfMemory;
        text->Index = record.Index;
        payload[TerminalTextRecord.Bytes..].CopyTo(new Span<byte>(text->Content, TerminalText.Bytes));
        tracker.Adopt(&text->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        TerminalText* text = (TerminalText*)header;
        Terminal* terminal = (Terminal*)tracker.Find(Reread<TerminalTextRecord>(payload).Terminal, ObjectKind.Terminal);
        if (terminal == null)
            return RestoreStatus.MissingReference;
        text->Terminal = terminal;
        return TerminalLife.AttachText(terminal, text) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }
}
