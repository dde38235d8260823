// Streams of volumes that pass through a program of the host's root (sls send, sls recv), as system calls see them. Whoever has asked for
// one has its number, and reads all of it or writes all of it, in order; a fiber makes it, or takes it in, at the pace of the program.
// None of it is saved: when the machine starts again, or who asked ends, a stream is broken off, and whoever goes on with the number is
// told so. What was received of one that was broken off is dropped.
using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Persistence;

/// <summary>Streams of volumes on their way out of the machine and into it.</summary>
public abstract unsafe class StreamService
{
    /// <summary>
    /// The next bytes of a stream that goes out, as far as they lie together. Ok without bytes: that was all. EAGAIN: none yet (<see
    /// cref="Await"/>). ECANCELED: the number is of an earlier boot, somebody else's, or of a stream that has been told to its end. Any
    /// other: why it cannot go on. Once all or why not has been told, the number means nothing any more.
    /// </summary>
    public abstract Errno Look(ulong number, ObjectId asker, out ReadOnlySpan<byte> bytes);

    /// <summary>So many of them have been taken.</summary>
    public abstract void Taken(ulong number, ObjectId asker, int bytes);

    /// <summary>
    /// Where the next bytes of a stream that comes in go. EAGAIN: there is no room yet. EPIPE: no more are taken, and <see cref="End"/>
    /// says why. ECANCELED as above.
    /// </summary>
    public abstract Errno Room(ulong number, ObjectId asker, out Span<byte> room);

    /// <summary>So many have been put there.</summary>
    public abstract void Put(ulong number, ObjectId asker, int bytes);

    /// <summary>
    /// No more bytes will come. EAGAIN until what became of the stream is known; then Ok with the number of what was made of it, or why
    /// nothing was, and the number of the stream means nothing any more.
    /// </summary>
    public abstract Errno End(ulong number, ObjectId asker, out ulong made);

    /// <summary>Puts a thread on the queue that is woken when there may be something else to tell.</summary>
    public abstract void Await(Thread* thread, ulong number, ObjectId asker);
}
