// How a process begins that was made to run a program in its group from outside: an execve that it is in from the start, with strings
// that somebody outside has given (ExecService). A name without a slash is looked for in the directories of the PATH it gets, in its
// own files; one is tried a dispatch, and Extra1 says which. A restore that finds such a process has no strings for it, and nobody who
// asked: it ends.
using System;
using System.Buffers.Text;
using Aurora.Linux.Elf;
using Aurora.Linux.Executive;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class FurtherProgramStart
{
    private const int NotExecutableStatus = 126;
    private const int MostDirectories = 256;

    /// <summary>One dispatch of the start. ENOSYS to a program, which may not make this call.</summary>
    public static SystemCallResult Continue(LinuxKernel kernel, Thread* thread)
    {
        Process* process = thread->Process;
        // Its thread has never been in user mode.
        if (!process->ExecutableInode.IsNone || thread->Context->Rip != 0)
            return Errno.ENOSYS;
        ProgramStrings program = kernel.Execs.ProgramOf(process);
        if (program.Text.IsEmpty)
            return Fail(kernel, process, Errno.ECANCELED);
        ProgramLoader loader = kernel.Programs;
        if (First(program.Text).Length >= loader.PathBuffer.Length)
            return Fail(kernel, process, Errno.ENAMETOOLONG);
        if (!TryFindPath(in program, (int)thread->Call.Extra1, loader.PathBuffer, out ReadOnlySpan<byte> path))
            return Fail(kernel, process, thread->Call.Extra0 != 0 ? (Errno)(int)thread->Call.Extra0 : Errno.ENOENT);
        if (!Collect(in program, loader.Arguments))
            return Fail(kernel, process, Errno.E2BIG);
        Inode* start = ((FileContext*)process->FileSystem)->CurrentDirectory;
        SystemCallResult result = loader.Execute(thread, start, path, path, true);
        if (!result.IsError)
        {
            if (!process->ExecutableInode.IsNone)
                kernel.Execs.Begun(process);
            return result;
        }
        return GoOn(kernel, thread, (Errno)(int)-result.Value, !First(program.Text).Contains((byte)'/'));
    }

    // The next directory, unless what was found is not to be run. That there was something counts more than that there was nothing.
    private static SystemCallResult GoOn(LinuxKernel kernel, Thread* thread, Errno error, bool isSearched)
    {
        if (!isSearched || error is not (Errno.ENOENT or Errno.ENOTDIR or Errno.EACCES))
            return Fail(kernel, thread->Process, error);
        if (error == Errno.EACCES)
            thread->Call.Extra0 = (ulong)error;
        thread->Call.Extra1++;
        return SystemCallResult.Again;
    }

    private static SystemCallResult Fail(LinuxKernel kernel, Process* process, Errno error)
    {
        kernel.Execs.Fail(process, error);
        kernel.Life.EndProcess(process, WaitStatus.Exited(error == Errno.ENOENT ? ExecCalls.NotFoundStatus : NotExecutableStatus));
        return SystemCallResult.Ended;
    }

    private static ReadOnlySpan<byte> First(ReadOnlySpan<byte> text) => text[..Math.Max(0, text.IndexOf((byte)0))];

    private static bool Collect(in ProgramStrings program, ArgumentBlock arguments)
    {
        arguments.Clear();
        ReadOnlySpan<byte> text = program.Text;
        for (int i = 0; i < program.ArgumentCount + program.EnvironmentCount; i++)
        {
            ReadOnlySpan<byte> next = First(text);
            if (!arguments.Add(next, isEnvironment: i >= program.ArgumentCount))
                return false;
            text = text[(next.Length + 1)..];
        }
        return true;
    }

    // False when there are no more directories. One in which the name would be too long is passed over.
    private static bool TryFindPath(in ProgramStrings program, int attempt, Span<byte> buffer, out ReadOnlySpan<byte> path)
    {
        path = First(program.Text);
        if (path.IsEmpty || path.Contains((byte)'/'))
            return attempt == 0 && !path.IsEmpty && path.Length < buffer.Length;
        ReadOnlySpan<byte> left = SearchPathOf(in program);
        for (int i = 0; i < MostDirectories; i++)
        {
            int bytes = left.IndexOf((byte)':');
            ReadOnlySpan<byte> directory = bytes < 0 ? left : left[..bytes];
            if (directory.IsEmpty)
                directory = "."u8;
            bool isShort = directory.Length + path.Length + 1 < buffer.Length;
            if (isShort && attempt-- == 0)
            {
                path = Join(directory, path, buffer);
                return true;
            }
            if (bytes < 0)
                return false;
            left = left[(bytes + 1)..];
        }
        return false;
    }

    private static ReadOnlySpan<byte> Join(ReadOnlySpan<byte> directory, ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        directory.CopyTo(buffer);
        buffer[directory.Length] = (byte)'/';
        name.CopyTo(buffer[(directory.Length + 1)..]);
        return buffer[..(directory.Length + 1 + name.Length)];
    }

    private static ReadOnlySpan<byte> SearchPathOf(in ProgramStrings program)
    {
        ReadOnlySpan<byte> text = program.Text;
        for (int i = 0; i < program.ArgumentCount + program.EnvironmentCount; i++)
        {
            ReadOnlySpan<byte> next = First(text);
            if (i >= program.ArgumentCount && next.StartsWith("PATH="u8))
                return next["PATH="u8.Length..];
            text = text[(next.Length + 1)..];
        }
        return "/bin:/sbin:/usr/bin:/usr/sbin"u8;
    }
}
