// Open files in messages. Each place of a file in a message holds it; the user who has sent it pays for it until somebody has received it
// (RLIMIT_NOFILE is the most, for who has no CAP_SYS_RESOURCE or CAP_SYS_ADMIN). What is let go is closed later, one file at a time, since
// its end may let go of others.
//
// Sockets in messages may lead to each other in circles, which nobody could ever receive: FlightCollector looks for those. What it needs is
// kept here: the sockets of a group that are in messages, how often each is, the messages with files at each socket, and a number that
// changes whenever any of that does. Counted again by a restore. Protected by the kernel lock.
using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>What a search has found of a socket that is in messages.</summary>
internal enum FlightMark : byte
{
    /// <summary>It is not in this search.</summary>
    None,

    /// <summary>Nothing but messages leads to its file.</summary>
    Candidate,

    /// <summary>Somebody can still receive it.</summary>
    Reached,

    /// <summary>Nobody can.</summary>
    Garbage,
}

/// <summary>The sockets of a group that are in messages.</summary>
internal unsafe struct FlightState
{
    public Socket* First;
    public int Count;

    /// <summary>Changes with all that a search goes by.</summary>
    public ulong Version;
    public FlightSearch Search;

    /// <summary>The next group in which a search is due or under way.</summary>
    public FlightState* NextDue;
}

/// <summary>Puts files into messages and takes them out.</summary>
public sealed unsafe class SocketFlights(FileState state)
{
    /// <summary>How many files of the user at work are in messages.</summary>
    public int CountOfUser => state.Pages.Accounts.CountOfCurrent(ChargeKind.FileInFlight);

    /// <summary>Rights with these files, which are held; null when there is no room.</summary>
    public SocketRights* Create(ReadOnlySpan<nint> files)
    {
        SocketRights* rights = state.SocketRights.Allocate();
        if (rights == null)
            return null;
        rights->Count = files.Length;
        if (!PayFor(rights))
        {
            state.SocketRights.Free(rights);
            return null;
        }
        for (int i = 0; i < files.Length; i++)
        {
            var file = (OpenFile*)files[i];
            file->Header.References++;
            rights->SetFile(i, file);
        }
        return rights;
    }

    /// <summary>Charges the files of rights to the user at work; false when he may not have so many.</summary>
    internal bool PayFor(SocketRights* rights)
        => state.Pages.Accounts.TryTake(
            ChargeKind.FileInFlight, rights->Count, ref state.FilesInFlight, state.MaxOpenFiles, out rights->Payer);

    /// <summary>Rights become part of a message in a queue.</summary>
    public void Attach(SocketRights* rights, SocketMessage* message)
    {
        state.TrackerOf(&message->Header).Register(&rights->Header, ObjectKind.SocketRights);
        rights->Message = message;
        message->Rights = rights;
        Enter(rights);
    }

    /// <summary>The files of rights are in a queue: at the time they are put there, or after a restore.</summary>
    internal void Enter(SocketRights* rights)
    {
        Socket* holder = rights->Message->Receiver;
        rights->Previous = null;
        rights->Next = holder->FirstRights;
        if (holder->FirstRights != null)
            holder->FirstRights->Previous = rights;
        holder->FirstRights = rights;
        for (int i = 0; i < rights->Count; i++)
            Count(rights->FileAt(i));
        state.FlightsOf(&rights->Header)->Version++;
    }

    /// <summary>Takes rights out of their message; they still hold their files.</summary>
    public SocketRights* Detach(SocketMessage* message)
    {
        SocketRights* rights = message->Rights;
        if (rights == null)
            return null;
        Socket* holder = message->Receiver;
        if (rights->Next != null)
            rights->Next->Previous = rights->Previous;
        if (rights->Previous != null)
            rights->Previous->Next = rights->Next;
        else
            holder->FirstRights = rights->Next;
        for (int i = 0; i < rights->Count; i++)
            Uncount(rights->FileAt(i));
        state.FlightsOf(&rights->Header)->Version++;
        state.TrackerOf(&rights->Header).Remove(&rights->Header);
        rights->Message = null;
        message->Rights = null;
        return rights;
    }

    /// <summary>Ends rights that are in no message: their files are let go.</summary>
    public void End(SocketRights* rights)
    {
        for (int i = 0; i < rights->Count; i++)
        {
            OpenFile* file = rights->FileAt(i);
            if (--file->Header.References == 0)
                state.PutOff(file);
            else
                NoteRelease(file);
        }
        state.Pages.Accounts.GiveBack(ChargeKind.FileInFlight, rights->Count, rights->Payer);
        state.FilesInFlight -= rights->Count;
        state.SocketRights.Free(rights);
    }

    /// <summary>Somebody has let go of a file: if only messages still hold it, a search is due.</summary>
    internal void NoteRelease(OpenFile* file)
    {
        Socket* socket = SocketOf(file);
        if (socket != null && socket->InFlight > 0 && socket->InFlight >= file->Header.References)
            state.MakeSearchDue(&socket->Header);
    }

    /// <summary>A message has been restored with its files: nobody knows whether there is garbage among them.</summary>
    internal void Restored(SocketRights* rights)
    {
        Enter(rights);
        if (state.FlightsOf(&rights->Header)->Count > 0)
            state.MakeSearchDue(&rights->Header);
    }

    /// <summary>A socket that was in messages ends, or what waits at one changes.</summary>
    internal void NoteChange(Socket* socket) => state.FlightsOf(&socket->Header)->Version++;

    /// <summary>The socket that a file is; null when it is something else.</summary>
    internal static Socket* SocketOf(OpenFile* file)
        => file->Kind == FileKind.Socket && file->Attachment != null && file->Attachment->Kind == ObjectKind.Socket
            ? (Socket*)file->Attachment : null;

    private void Count(OpenFile* file)
    {
        Socket* socket = SocketOf(file);
        if (socket == null || socket->InFlight++ > 0)
            return;
        FlightState* flights = state.FlightsOf(&socket->Header);
        socket->PreviousInFlight = null;
        socket->NextInFlight = flights->First;
        if (flights->First != null)
            flights->First->PreviousInFlight = socket;
        flights->First = socket;
        flights->Count++;
        socket->FlightMark = FlightMark.None;
    }

    private void Uncount(OpenFile* file)
    {
        Socket* socket = SocketOf(file);
        if (socket == null || --socket->InFlight > 0)
            return;
        FlightState* flights = state.FlightsOf(&socket->Header);
        if (flights->Search.Phase == FlightPhase.Discard && flights->Search.At == socket)
            flights->Search.At = socket->NextInFlight;
        if (socket->NextInFlight != null)
            socket->NextInFlight->PreviousInFlight = socket->PreviousInFlight;
        if (socket->PreviousInFlight != null)
            socket->PreviousInFlight->NextInFlight = socket->NextInFlight;
        else
            flights->First = socket->NextInFlight;
        flights->Count--;
        socket->NextInFlight = socket->PreviousInFlight = null;
    }
}
