// Programs that the host's root runs in other groups (sls exec), or the launcher in any, as system calls see them; the launcher asks as the
// process without an id. Whoever asked for one has its number, and
// the outer ends of its three streams, which are pipes of the group. What comes out of the group is shown once the checkpoint is
// durable that covers it, as output on a console is, and so is how the program ended. None of it is saved: when the machine starts
// again, the group goes back or is copied, or who asked ends, the outer ends are closed, and the program goes on without them.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Persistence;

/// <summary>Programs that were started in a group from outside.</summary>
public abstract unsafe class ExecService
{
    /// <summary>
    /// What is to be told next to the process that asked. Ok; EAGAIN: nothing yet (<see cref="Await"/>); ECANCELED: the number is of an
    /// earlier boot or somebody else's, or the group has gone or gone back; EIO: nothing of the group becomes durable any more.
    /// </summary>
    public abstract Errno Look(ulong number, ObjectId asker, out SlsOutput news);

    /// <summary>Puts a thread on the queues that are woken when there may be something to tell.</summary>
    public abstract void Await(Thread* thread, ulong number, ObjectId asker);

    /// <summary>The first bytes of a stream of which <see cref="Look"/> has told, as far as they may be shown and lie together.</summary>
    public abstract PageAccess Bytes(ulong number, ObjectId asker, int stream, out ReadOnlySpan<byte> bytes);

    /// <summary>So many of them have been shown.</summary>
    public abstract void Taken(ulong number, ObjectId asker, int stream, int bytes);

    /// <summary>
    /// Puts bytes into the program's standard input. EAGAIN: there is no room. EPIPE: nobody reads it. ECANCELED as for <see cref="Look"/>.
    /// </summary>
    public abstract SystemCallResult Put(ulong number, ObjectId asker, ref FileTransfer transfer);

    /// <summary>The program's standard input has ended. Ok, or ECANCELED.</summary>
    public abstract Errno EndInput(ulong number, ObjectId asker);

    /// <summary>Who asked has been told everything: the number means nothing any more.</summary>
    public abstract void Forget(ulong number, ObjectId asker);

    /// <summary>The program that a process is to begin with; no text when nobody waits for that any more.</summary>
    public abstract ProgramStrings ProgramOf(Process* process);

    /// <summary>The process has begun with its program.</summary>
    public abstract void Begun(Process* process);

    /// <summary>It could not, and ends.</summary>
    public abstract void Fail(Process* process, Errno error);
}
