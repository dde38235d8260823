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
        ReadOnlySpan<byte> name = First(program.Text);
        if (!ProgramPath.TryFind(name, SearchPathOf(in program), (int)thread->Call.Extra1, loader.PathBuffer, out ReadOnlySpan<byte> path))
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
        var error = (Errno)(int)-result.Value;
        return ProgramPath.MaySearchOn(thread, First(program.Text), error) ? SystemCallResult.Again : Fail(kernel, process, error);
    }

    private static SystemCallResult Fail(LinuxKernel kernel, Process* process, Errno error)
    {
        kernel.Execs.Fail(process, error);
        kernel.Life.EndProcess(process, ProgramPath.StatusOf(error));
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
        return ProgramPath.Usual;
    }
}
