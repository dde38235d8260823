// Where a program lies that is named without a slash: in one of the directories of a PATH. One is tried a dispatch of the call that starts
// the program; Extra1 of the call says which, Extra0 that something was found which may not be run.
using System;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

/// <summary>Looks for programs as a shell does.</summary>
internal static unsafe class ProgramPath
{
    private const int MostDirectories = 256;
    private const int NotFoundStatus = 127;
    private const int NotExecutableStatus = 126;

    /// <summary>The PATH of those who have none.</summary>
    public static ReadOnlySpan<byte> Usual => "/bin:/sbin:/usr/bin:/usr/sbin"u8;

    /// <summary>
    /// The path to try in this attempt, from 0; false when there are no more directories. One in which the name would be too long is
    /// passed over.
    /// </summary>
    public static bool TryFind(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> directories, int attempt, Span<byte> buffer, out ReadOnlySpan<byte> path)
    {
        path = name;
        if (name.IsEmpty || name.Contains((byte)'/'))
            return attempt == 0 && !name.IsEmpty && name.Length < buffer.Length;
        ReadOnlySpan<byte> left = directories;
        for (int i = 0; i < MostDirectories; i++)
        {
            int bytes = left.IndexOf((byte)':');
            ReadOnlySpan<byte> directory = bytes < 0 ? left : left[..bytes];
            if (directory.IsEmpty)
                directory = "."u8;
            bool isShort = directory.Length + name.Length + 1 < buffer.Length;
            if (isShort && attempt-- == 0)
            {
                path = Join(directory, name, buffer);
                return true;
            }
            if (bytes < 0)
                return false;
            left = left[(bytes + 1)..];
        }
        return false;
    }

    /// <summary>
    /// The next directory is to be tried, unless what was found is not to be run. That there was something counts more than that there was
    /// nothing.
    /// </summary>
    public static bool MaySearchOn(Thread* thread, ReadOnlySpan<byte> name, Errno error)
    {
        if (name.Contains((byte)'/') || error is not (Errno.ENOENT or Errno.ENOTDIR or Errno.EACCES))
            return false;
        if (error == Errno.EACCES)
            thread->Call.Extra0 = (ulong)error;
        thread->Call.Extra1++;
        return true;
    }

    /// <summary>With what a process ends that could not be started.</summary>
    public static int StatusOf(Errno error) => WaitStatus.Exited(error == Errno.ENOENT ? NotFoundStatus : NotExecutableStatus);

    private static ReadOnlySpan<byte> Join(ReadOnlySpan<byte> directory, ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        directory.CopyTo(buffer);
        buffer[directory.Length] = (byte)'/';
        name.CopyTo(buffer[(directory.Length + 1)..]);
        return buffer[..(directory.Length + 1 + name.Length)];
    }
}
