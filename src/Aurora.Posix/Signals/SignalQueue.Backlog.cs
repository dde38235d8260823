using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Signals;

/// <summary>What waits behind the queues, in pieces.</summary>
public sealed unsafe partial class SignalQueue
{
    /// <summary>The pending signals of a thread or process.</summary>
    internal static PendingSignals* PendingOf(ObjectHeader* owner)
        => owner->Kind == ObjectKind.Thread ? &((Thread*)owner)->Pending : &((Process*)owner)->Pending;

    internal SignalBacklog* AllocatePiece() => _pieces.Allocate();

    /// <summary>Puts a signal of a record into a queue (restore only): false when there is no memory.</summary>
    internal bool Restore(PendingSignals* pending, in SignalInfo info) => AppendToQueue(pending, in info);

    /// <summary>Puts a piece where its id says among those of its owner (restore only).</summary>
    internal static void LinkPiece(SignalBacklog* piece)
    {
        PendingSignals* pending = PendingOf(piece->Owner);
        SignalBacklog** link = pending->LastBacklog != null && pending->LastBacklog->Header.Id < piece->Header.Id
            ? &pending->LastBacklog->Next : &pending->Backlog;
        while (*link != null && (*link)->Header.Id < piece->Header.Id)
            link = &(*link)->Next;
        piece->Next = *link;
        *link = piece;
        if (piece->Next == null)
            pending->LastBacklog = piece;
    }

    /// <summary>Charges the real user of a process with what a queue holds (restore only); false when there is no memory.</summary>
    internal bool Account(Process* process, PendingSignals* pending) => Users.Charge(process->Credentials.RealUid, CountCharged(pending));

    /// <summary>The same for a piece.</summary>
    internal bool Account(SignalBacklog* piece)
    {
        Process* process = piece->Owner->Kind == ObjectKind.Thread ? ((Thread*)piece->Owner)->Process : (Process*)piece->Owner;
        return Users.Charge(process->Credentials.RealUid, CountCharged(piece));
    }

    /// <summary>
    /// What a process has queued and its timers go to another user's account; false, and nothing has changed, without memory for that.
    /// </summary>
    internal bool ChangeUser(Process* process, uint user)
    {
        if (user == process->Credentials.RealUid)
            return true;
        int count = CountAll(process, &process->Pending);
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
            count += CountAll(process, &thread->Pending);
        for (Time.Timer* timer = process->FirstTimer; timer != null; timer = timer->Next)
            count++;
        if (!Users.Charge(user, count))
            return false;
        Users.Release(process->Credentials.RealUid, count);
        return true;
    }

    private static int CountAll(Process* process, PendingSignals* pending)
    {
        int count = CountCharged(pending);
        for (SignalBacklog* piece = pending->Backlog; piece != null; piece = piece->Next)
            count += CountCharged(piece);
        return count;
    }

    private static int CountCharged(PendingSignals* pending)
    {
        int count = 0;
        for (QueuedSignal* entry = pending->First; entry != null; entry = entry->Next)
            count += entry->Info.IsTimers ? 0 : 1;
        return count;
    }

    private static int CountCharged(SignalBacklog* piece)
    {
        int count = 0;
        for (int i = 0; i < piece->Count; i++)
            count += SignalBacklog.Of(piece)[i].IsTimers ? 0 : 1;
        return count;
    }

    private bool AppendToBacklog(ObjectHeader* owner, PendingSignals* pending, in SignalInfo info)
    {
        SignalBacklog* piece = pending->LastBacklog;
        if (piece == null || piece->Count == SignalBacklog.Capacity)
        {
            piece = _pieces.Allocate();
            if (piece == null)
                return false;
            piece->Owner = owner;
            _tracked.Of(owner).Register(&piece->Header, ObjectKind.SignalBacklog);
            if (pending->LastBacklog != null)
                pending->LastBacklog->Next = piece;
            else
                pending->Backlog = piece;
            pending->LastBacklog = piece;
        }
        SignalBacklog.Of(piece)[piece->Count++] = info;
        piece->Set = piece->Set.With(info.Signal);
        _tracked.MarkChanged(&piece->Header);
        return true;
    }

    private bool RemoveFromBacklog(PendingSignals* pending, Signal signal, int timer, out bool isTimers)
    {
        SignalBacklog* previous = null;
        isTimers = false;
        for (SignalBacklog* piece = pending->Backlog; piece != null; previous = piece, piece = piece->Next)
        {
            for (int i = 0; piece->Set.Contains(signal) && i < piece->Count; i++)
            {
                ref SignalInfo info = ref SignalBacklog.Of(piece)[i];
                isTimers = info.IsTimers;
                if (info.Signal != signal || (timer >= 0 && !(isTimers && info.TimerId == timer)))
                    continue;
                var behind = new ReadOnlySpan<SignalInfo>(SignalBacklog.Of(piece) + i + 1, piece->Count - i - 1);
                behind.CopyTo(new Span<SignalInfo>(SignalBacklog.Of(piece) + i, behind.Length));
                piece->Count--;
                if (piece->Count != 0 && piece->Next != null && piece->Count + piece->Next->Count <= SignalBacklog.Capacity)
                    Join(pending, piece, piece->Next);
                Shrunk(pending, previous, piece);
                return true;
            }
        }
        return false;
    }

    // Removes all of these signals and tells how many had been charged.
    private int FlushBacklog(PendingSignals* pending, SignalSet signals)
    {
        int charged = 0;
        SignalBacklog* previous = null;
        for (SignalBacklog* piece = pending->Backlog; piece != null; )
        {
            SignalBacklog* next = piece->Next;
            int kept = 0;
            for (int i = 0; i < piece->Count; i++)
            {
                SignalInfo info = SignalBacklog.Of(piece)[i];
                if (signals.Contains(info.Signal))
                    charged += info.IsTimers ? 0 : 1;
                else
                    SignalBacklog.Of(piece)[kept++] = info;
            }
            bool isSame = kept == piece->Count;
            piece->Count = kept;
            previous = isSame ? piece : Shrunk(pending, previous, piece);
            piece = next;
        }
        return charged;
    }

    // A piece has lost signals: it ends if it is empty, or joins the one before if they fit one piece. The piece there is now.
    private SignalBacklog* Shrunk(PendingSignals* pending, SignalBacklog* previous, SignalBacklog* piece)
    {
        if (piece->Count == 0)
        {
            End(pending, previous, piece);
            return previous;
        }
        Refresh(piece);
        if (previous == null || previous->Count + piece->Count > SignalBacklog.Capacity)
            return piece;
        Join(pending, previous, piece);
        return previous;
    }

    private void Join(PendingSignals* pending, SignalBacklog* piece, SignalBacklog* next)
    {
        new ReadOnlySpan<SignalInfo>(SignalBacklog.Of(next), next->Count).CopyTo(
            new Span<SignalInfo>(SignalBacklog.Of(piece) + piece->Count, next->Count));
        piece->Count += next->Count;
        End(pending, piece, next);
        Refresh(piece);
    }

    private void Refresh(SignalBacklog* piece)
    {
        SignalSet set = default;
        for (int i = 0; i < piece->Count; i++)
            set = set.With(SignalBacklog.Of(piece)[i].Signal);
        piece->Set = set;
        _tracked.MarkChanged(&piece->Header);
    }

    private void End(PendingSignals* pending, SignalBacklog* previous, SignalBacklog* piece)
    {
        if (previous != null)
            previous->Next = piece->Next;
        else
            pending->Backlog = piece->Next;
        if (pending->LastBacklog == piece)
            pending->LastBacklog = previous;
        _tracked.Remove(&piece->Header);
        _pieces.Free(piece);
    }
}
