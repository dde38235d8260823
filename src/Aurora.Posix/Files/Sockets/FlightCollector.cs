// Finds sockets that only messages lead to, which only such sockets could receive, and throws those messages away: then their files are let
// go and the sockets close. A socket in messages is a candidate when it is held by nothing else. Those of them that are in the queue of
// somebody who is none can be reached, and so can what is in the queues of what can be reached; the rest is garbage, and stays garbage.
//
//   Choose   which are candidates            Count    how often each is in the queue of a candidate, or of a connection that waits at one
//   Begin    who is in other queues too      Spread   from those to what is in their queues
//   Gather   marks the rest as garbage       Discard  the messages with files in their queues
//
// Nothing is held meanwhile, so a checkpoint in the middle sees no reference that a restore would miss. What is discarded may take the
// socket that is looked at out of all messages: the search is told (SocketFlights), and that socket is closed with its queue like any
// other.
//
// It goes on in steps. What it goes by has a number (FlightState.Version); if that changes before the garbage is known, it begins anew, and
// after some times does all of it in one step. Nothing of it is captured: a restore of a group with sockets in messages looks again.
// Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

internal enum FlightPhase : byte
{
    None,
    Choose,
    Count,
    Begin,
    Spread,
    Gather,
    Discard,
}

/// <summary>How far the search in a group has come.</summary>
internal unsafe struct FlightSearch
{
    /// <summary>Something has happened that may have left garbage.</summary>
    public bool IsDue;
    public FlightPhase Phase;
    public int Restarts;
    public ulong Version;

    /// <summary>
    /// The socket that is looked at, and the place among the rights in its queue or in that of a connection that waits at it.
    /// </summary>
    public Socket* At;
    public Socket* Queue;
    public SocketRights* Rights;

    /// <summary>Sockets still to be looked at, through <see cref="Socket.NextReached"/>.</summary>
    public Socket* FirstReached;

    public readonly bool HasWork => IsDue || Phase != FlightPhase.None;
}

/// <summary>Looks for garbage among the sockets in messages.</summary>
internal sealed unsafe class FlightCollector(SocketQueue queue)
{
    private const int MostRestarts = 8;

    /// <summary>Goes on with a search, or begins one that is due.</summary>
    public void Step(FlightState* flights)
    {
        ref FlightSearch search = ref flights->Search;
        bool isStale = search.Phase is not (FlightPhase.None or FlightPhase.Discard) && search.Version != flights->Version;
        if (isStale || search.Phase == FlightPhase.None)
            Start(flights, isStale ? search.Restarts + 1 : 0);
        int left = search.Restarts < MostRestarts || search.Phase == FlightPhase.Discard ? ProcessLife.UnitsPerStep : int.MaxValue;
        while (left > 0 && search.Phase != FlightPhase.None)
            Advance(flights, ref search, ref left);
    }

    private static void Start(FlightState* flights, int restarts)
        => flights->Search = new FlightSearch
        {
            Phase = FlightPhase.Choose,
            Restarts = restarts,
            Version = flights->Version,
            At = flights->First,
        };

    private void Advance(FlightState* flights, ref FlightSearch search, ref int left)
    {
        left--;
        if (search.Phase == FlightPhase.Discard)
        {
            Discard(ref search, ref left);
            return;
        }
        if (search.At == null)
        {
            EndPhase(flights, ref search);
            // Only looking may have to be done in one stretch.
            left = search.Phase == FlightPhase.Discard ? Math.Min(left, ProcessLife.UnitsPerStep) : left;
            return;
        }
        switch (search.Phase)
        {
            case FlightPhase.Choose:
                Choose(search.At);
                search.At = search.At->NextInFlight;
                break;
            case FlightPhase.Begin:
                if (search.At->FlightMark == FlightMark.Candidate && search.At->FlightsFromInside < search.At->InFlight)
                    Reach(ref search, search.At);
                search.At = search.At->NextInFlight;
                break;
            case FlightPhase.Gather:
                if (search.At->FlightMark == FlightMark.Candidate)
                    search.At->FlightMark = FlightMark.Garbage;
                search.At = search.At->NextInFlight;
                break;
            default:
                LookThrough(ref search, ref left);
                break;
        }
    }

    private static void EndPhase(FlightState* flights, ref FlightSearch search)
    {
        search.Phase++;
        search.At = flights->First;
        if (search.Phase == FlightPhase.Spread)
            search.At = Pop(ref search);
    }

    private static void Choose(Socket* socket)
    {
        socket->FlightMark = socket->File->Header.References == socket->InFlight ? FlightMark.Candidate : FlightMark.None;
        socket->FlightsFromInside = 0;
    }

    private static void Reach(ref FlightSearch search, Socket* socket)
    {
        socket->FlightMark = FlightMark.Reached;
        Push(ref search, socket);
    }

    private static void Push(ref FlightSearch search, Socket* socket)
    {
        socket->NextReached = search.FirstReached;
        search.FirstReached = socket;
    }

    private static Socket* Pop(ref FlightSearch search)
    {
        Socket* socket = search.FirstReached;
        if (socket != null)
            search.FirstReached = socket->NextReached;
        return socket;
    }

    // Counts, or reaches, what is in the queues of one socket.
    private static void LookThrough(ref FlightSearch search, ref int left)
    {
        bool isCount = search.Phase == FlightPhase.Count;
        if ((isCount && search.At->FlightMark != FlightMark.Candidate) || !Move(ref search))
        {
            search.At = isCount ? search.At->NextInFlight : Pop(ref search);
            return;
        }
        if (search.Rights == null)
            return;
        left -= search.Rights->Count;
        for (int i = 0; i < search.Rights->Count; i++)
        {
            Socket* socket = SocketFlights.SocketOf(search.Rights->FileAt(i));
            if (socket == null || socket->FlightMark != FlightMark.Candidate)
                continue;
            if (isCount)
                socket->FlightsFromInside++;
            else
                Reach(ref search, socket);
        }
    }

    // To the next rights in the queue, or to the next queue; false at the end, and the next move begins anew.
    private static bool Move(ref FlightSearch search)
    {
        if (search.Queue != null && search.Rights != null)
        {
            search.Rights = search.Rights->Next;
            return true;
        }
        search.Queue = search.Queue == null ? search.At
            : search.Queue == search.At ? search.At->FirstPending : search.Queue->NextPending;
        if (search.Queue == null)
            return false;
        search.Rights = search.Queue->FirstRights;
        return true;
    }

    // One message of a socket that nobody can reach, or on to the next socket.
    private void Discard(ref FlightSearch search, ref int left)
    {
        Socket* socket = search.At;
        if (socket == null)
        {
            search.Phase = FlightPhase.None;
            return;
        }
        Socket* holder = socket->FlightMark == FlightMark.Garbage ? WithRights(socket, ref left) : null;
        if (holder == null)
        {
            search.At = socket->NextInFlight;
            return;
        }
        left -= holder->FirstRights->Count;
        queue.Remove(holder->FirstRights->Message);
    }

    // A socket, or a connection that waits at it, with rights in its queue; null when there is none.
    private static Socket* WithRights(Socket* socket, ref int left)
    {
        if (socket->FirstRights != null)
            return socket;
        Socket* waiting = socket->FirstPending;
        for (; waiting != null && waiting->FirstRights == null; waiting = waiting->NextPending)
            left--;
        return waiting;
    }
}
