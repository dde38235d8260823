using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Terminals;

namespace Aurora.Posix.Records;

/// <summary>The state record of a session.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SessionRecord
{
    public const int Bytes = 24;

    public ObjectId Leader;
    public ObjectId Terminal;
    public int Id;
    public int FormerForeground;
}

/// <summary>Captures sessions; their groups link themselves in.</summary>
public sealed unsafe class SessionCodec(ProcessTable processes) : RecordCodec
{
    public override ObjectKind Kind => ObjectKind.Session;
    public override int LargestPayload => sizeof(SessionRecord);

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        Session* session = (Session*)header;
        return Write(payload, new SessionRecord
        {
            Leader = IdOf(session->Leader),
            Terminal = IdOf(session->Terminal),
            Id = session->Id,
            FormerForeground = session->FormerForeground,
        });
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Session* session = (Session*)header;
        Session* found = processes.Of(header).FindSession(session->Id);
        return IsLiveOrNone(session->Leader, ObjectKind.Process) && IsLiveOrNone(session->Terminal, ObjectKind.Terminal)
            && session->FirstGroup != null && found == session && session->FormerForeground >= 0 && HasItsTerminal(session);
    }

    // A pseudo-terminal may end before the session, which must know of it: each leads to the other, or neither. Consoles stay.
    private static bool HasItsTerminal(Session* session)
    {
        var terminal = (Terminal*)session->Terminal;
        return terminal == null || !terminal->IsPseudo || terminal->Session == session;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = ReadExactly(version, payload, out SessionRecord record);
        if (status != RestoreStatus.Ok)
            return status;
        if (record.FormerForeground < 0)
            return RestoreStatus.BadRecord;
        IdSlot* slot = processes.Of(tracker).Ids.Take(record.Id);
        if (slot == null || slot->Session != null)
            return RestoreStatus.BadRecord;
        Session* session = processes.AllocateSession();
        if (session == null)
            return RestoreStatus.OutOfMemory;
        session->Id = record.Id;
        session->FormerForeground = record.FormerForeground;
        slot->Session = session;
        tracker.Adopt(&session->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        Session* session = (Session*)header;
        SessionRecord record = Reread<SessionRecord>(payload);
        session->Leader = (Process*)tracker.Find(record.Leader, ObjectKind.Process);
        session->Terminal = tracker.Find(record.Terminal, ObjectKind.Terminal);
        bool isWhole = (session->Leader != null || record.Leader.IsNone) && (session->Terminal != null || record.Terminal.IsNone);
        return isWhole ? RestoreStatus.Ok : RestoreStatus.MissingReference;
    }

    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => ((Session*)header)->FirstGroup != null && HasItsTerminal((Session*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
