// The console's bytes go through read(2) and write(2) themselves. The library's console stream hides a closed pipe, and its file stream
// writes at its own offset, which would make "aurora run … >> log" and a shell script's shared output overwrite each other.
using System;
using System.IO;
using System.Runtime.InteropServices;

namespace Aurora.Qemu;

/// <summary>This process's standard input and output, unbuffered.</summary>
public static unsafe partial class StandardStreams
{
    public const int Input = 0;
    public const int Output = 1;
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int BrokenPipe = 32;

    /// <summary>Reads what is there, waiting for at least one byte; 0 at the end of the input or when it cannot be read.</summary>
    public static int Read(int descriptor, Span<byte> buffer)
    {
        while (true)
        {
            nint count;
            fixed (byte* start = buffer)
                count = ReadCall(descriptor, start, (nuint)buffer.Length);
            if (count >= 0)
                return (int)count;
            int error = Marshal.GetLastPInvokeError();
            if (error == TryAgain)
                WaitFor(descriptor, PollIn);
            else if (error != Interrupted)
                return 0;
        }
    }

    /// <summary>Writes everything. False when the reader has gone; other failures throw.</summary>
    public static bool Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint count;
            fixed (byte* start = bytes)
                count = WriteCall(descriptor, start, (nuint)bytes.Length);
            if (count >= 0)
            {
                bytes = bytes[(int)count..];
                continue;
            }
            int error = Marshal.GetLastPInvokeError();
            if (error == BrokenPipe)
                return false;
            if (error == TryAgain)
                WaitFor(descriptor, PollOut);
            else if (error != Interrupted)
                throw new IOException($"cannot write to standard output: {Marshal.GetPInvokeErrorMessage(error)}");
        }
        return true;
    }

    private const short PollIn = 1;
    private const short PollOut = 4;

    private struct PollEntry
    {
        public int Descriptor;
        public short Requested;
        public short Returned;
    }

    // Somebody else made the descriptor non-blocking: sleep until it is ready instead of spinning.
    private static void WaitFor(int descriptor, short events)
    {
        var entry = new PollEntry { Descriptor = descriptor, Requested = events };
        _ = PollCall(&entry, 1, -1);
    }

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadCall(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteCall(int descriptor, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int PollCall(PollEntry* entries, nuint count, int timeoutMilliseconds);
}
