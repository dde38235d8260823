using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Persistence;

/// <summary>
/// What system calls ask of consistency groups as wholes. Groups are meant by name, or by number where nobody has that name. The first
/// group,
/// the host, manages the others; what takes the disk is asked for, and done by a fiber.
/// </summary>
public abstract unsafe class GroupService
{
    /// <summary>True for the group that manages the others.</summary>
    public abstract bool IsHost(ObjectTracker group);

    /// <summary>True once the init of a group has ended, and all of its output may be shown.</summary>
    public abstract bool HasEnded(ObjectTracker group);

    /// <summary>A number of this boot: what was waited for in an earlier one may never come.</summary>
    public abstract ulong Boot { get; }

    /// <summary>How often what runs in a group has become a copy of what ran before, or gone back in time.</summary>
    public abstract ulong GenerationOf(ObjectTracker group);

    /// <summary>The number of the group that has an index now; all ones when none has.</summary>
    public abstract ulong NumberAt(uint index);

    /// <summary>The name of a group.</summary>
    public abstract ReadOnlySpan<byte> NameOf(ObjectTracker group);

    /// <summary>
    /// Finds a group. ENOENT: there is none. ENODEV: it is a volume that nobody runs. EAGAIN: it is not there at the moment, because it
    /// starts or goes back in time; wait on <see cref="Changed"/>.
    /// </summary>
    public abstract Errno Find(ReadOnlySpan<byte> name, out ObjectTracker group);

    /// <summary>
    /// Asks for something to be done with groups. The strings of a program to run are copied. The ticket is for <see cref="IsDone"/>.
    /// EAGAIN: as much is under way as can be, of all or of the asker's group, wait on <see cref="Changed"/>. The process that asks is
    /// given by its id; none for the launcher, which may also have programs run in the host.
    /// </summary>
    public abstract Errno Ask(ObjectTracker asker, ObjectId process, in GroupRequest request, in ProgramStrings program, out ulong ticket);

    /// <summary>
    /// True when what a ticket was given for has been done or refused, with the number of the group concerned or a negated errno; ECANCELED
    /// for a ticket of an earlier boot.
    /// </summary>
    public abstract bool IsDone(ulong ticket, out long result);

    /// <summary>Woken when something asked for has been done, and when a group comes or goes.</summary>
    public abstract WaitQueue* Changed { get; }

    /// <summary>
    /// The <paramref name="index"/>-th group that somebody in a group sees: in the host all, elsewhere his own. False past the last.
    /// </summary>
    public abstract bool Read(ObjectTracker viewer, int index, out SlsGroup about);

    /// <summary>
    /// Copies durable output of a group from a position on, which moves to where that is; returns the number of bytes.
    /// </summary>
    public abstract int ReadLog(ObjectTracker group, ref ulong position, Span<byte> destination);

    /// <summary>Woken when there may be more to read.</summary>
    public abstract WaitQueue* LogOf(ObjectTracker group);

    /// <summary>
    /// Types on the console of a group; returns how many bytes it took. Without room it takes what ends a line, and what interrupts a
    /// program that does not read. Nothing at all: no more will come. The host's console is the machine's: none.
    /// </summary>
    public abstract int Type(ObjectTracker group, ReadOnlySpan<byte> bytes);
}

/// <summary>What is to be done with a group.</summary>
public enum GroupVerb : uint
{
    None = 0,

    /// <summary>Starts a program in a new group with the files of the host.</summary>
    Run = 1,

    /// <summary>A new group that goes on from where a running one is now.</summary>
    Fork = 2,

    /// <summary>A new group that goes on from a checkpoint.</summary>
    Restore = 3,

    /// <summary>A running group goes back to a checkpoint of its own.</summary>
    Rewind = 4,

    /// <summary>No thread of the group runs, also after a restart of the machine.</summary>
    Suspend = 5,
    Resume = 6,

    /// <summary>Its processes end; the group stays, with its files, log and history.</summary>
    Kill = 7,

    /// <summary>A group that has ended goes, and its volume with it.</summary>
    Remove = 8,

    /// <summary>A running group gets a further program (<see cref="ExecService"/>); the result is the number by which who asked knows
    /// it.</summary>
    Exec = 9,

    /// <summary>A checkpoint goes out as a stream (<see cref="StreamService"/>), whose number is the result.</summary>
    Send = 10,

    /// <summary>A stream comes in and becomes a saved volume; as above.</summary>
    Receive = 11,

    /// <summary>The core file of a process goes out in pieces (<see cref="DumpPiece"/>); as above.</summary>
    Dump = 12,
}
