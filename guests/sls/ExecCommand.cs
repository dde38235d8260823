// exec: runs a program in a group that runs. Standard input is passed on, and the program's two output streams are shown on this
// command's, as far as they are durable. Nothing tells of input and output at once: as long as there may be input both are looked at
// some times a second, and without pause while there is output. Exit status: the program's; 127 when it is not there, 126 when it may
// not be run, 1 refused.
using System;
using System.Runtime.InteropServices;
using Aurora.Guest;
using Aurora.Posix.Persistence;

namespace Aurora.Sls;

internal static unsafe class ExecCommand
{
    private const int PieceBytes = 4096;
    private const int LookMilliseconds = 20;
    private const int TryAgain = -11;
    private const int Interrupted = -4;
    private const int NoMemory = -12;
    private const int NoSpace = -28;
    private const int Broken = -32;
    private const int Cancelled = -125;
    private const int Missing = 2;
    private const int NotFoundStatus = 127;
    private const int NotExecutableStatus = 126;
    private const int MostVariables = 4096;

    // What has been read of standard input and the program has not taken yet.
    private ref struct Input(Span<byte> buffer)
    {
        public readonly Span<byte> Buffer = buffer;
        public int Start, End;
        public bool HasEnded, IsPassed;
    }

    /// <summary>exec [-d] [-w DIR] [-e VAR=VALUE]... N CMD...</summary>
    public static int Run(ref Arguments arguments)
    {
        var request = new GroupRequest { Verb = GroupVerb.Exec };
        byte** environment = stackalloc byte*[MostVariables + 1];
        int own = 0;
        while (arguments.TakeOption(out ReadOnlySpan<byte> option))
        {
            bool isTaken = true;
            if (option.SequenceEqual("-d"u8))
                request.Flags = GroupRequest.IsDetached;
            else if (option.SequenceEqual("-w"u8))
                isTaken = GroupCommands.Set(request.Root, GroupRequest.RootBytes, arguments.Take());
            else if (option.SequenceEqual("-e"u8))
                isTaken = own < MostVariables && IsVariable(environment[own++] = arguments.Take());
            else
                isTaken = false;
            if (!isTaken)
                return SlsCommand.Usage(2);
        }
        byte* group = arguments.Take();
        arguments.SkipEndOfOptions();
        if (group == null || arguments.Left == 0 || !GroupCommands.Set(request.Group, GroupRequest.NameBytes, group))
            return SlsCommand.Usage(2);
        request.Arguments = (ulong)arguments.Rest;
        request.Environment = (ulong)environment;
        if (!Complete(environment, own, arguments.Environment))
            return ExecMessages.Refused(group, -7);
        long number = GuestCalls.Manage(&request);
        if (number < 0)
            return ExecMessages.Refused(group, number);
        return request.Flags != 0 ? AwaitBeginning(group, *arguments.Rest, number) : Pass(group, *arguments.Rest, number);
    }

    private static bool IsVariable(byte* text) => text != null && *text != '=' && Text(text).Contains((byte)'=');

    private static ReadOnlySpan<byte> Text(byte* text) => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);

    // Adds the caller's variables that have not been given; false when there are too many. A later one of a name replaces an earlier one.
    private static bool Complete(byte** environment, int own, byte** inherited)
    {
        int count = 0;
        for (int i = 0; i < own; i++)
            if (!Has(environment + i + 1, own - i - 1, Text(environment[i])))
                environment[count++] = environment[i];
        int given = count;
        for (; *inherited != null; inherited++)
        {
            if (Has(environment, given, Text(*inherited)))
                continue;
            if (count == MostVariables)
                return false;
            environment[count++] = *inherited;
        }
        environment[count] = null;
        return true;
    }

    private static bool Has(byte** variables, int count, ReadOnlySpan<byte> variable)
    {
        int name = variable.IndexOf((byte)'=');
        for (int i = 0; i < count && name >= 0; i++)
            if (Text(variables[i]).StartsWith(variable[..(name + 1)]))
                return true;
        return false;
    }

    private static int AwaitBeginning(byte* group, byte* program, long number)
    {
        SlsOutput about;
        byte unused;
        long result = GuestCalls.ExecOutput(number, &unused, 1, &about, waits: true);
        if (result < 0)
            return ExecMessages.Refused(group, result);
        if (about.Error != 0)
            return NotStarted(group, program, about.Error);
        Span<byte> buffer = stackalloc byte[32];
        var output = new Output(buffer);
        output.Number((ulong)about.ProcessId);
        output.End(buffer);
        return 0;
    }

    // Passes all three streams until the program has ended; its exit status.
    private static int Pass(byte* group, byte* program, long number)
    {
        byte* piece = stackalloc byte[PieceBytes];
        byte* typed = stackalloc byte[PieceBytes];
        var input = new Input(new Span<byte>(typed, PieceBytes));
        for (;;)
        {
            SlsOutput about;
            long shown = GuestCalls.ExecOutput(number, piece, PieceBytes, &about, waits: input.IsPassed);
            if (shown == 0)
                return about.Error != 0 ? NotStarted(group, program, about.Error) : GroupConsole.StatusOf(about.WaitStatus);
            if (shown < 0 && shown is not (TryAgain or Interrupted))
                return ExecMessages.Refused(group, shown);
            long error = shown > 0 ? Show(about.Stream, new ReadOnlySpan<byte>(piece, (int)shown)) : 0;
            if (error < 0)
                return ExecMessages.Lost(group, "its output cannot be written here"u8, error);
            error = input.IsPassed ? 0 : Feed(number, ref input, shown > 0 ? 0 : LookMilliseconds);
            if (error < 0)
                return ExecMessages.Lost(group, "its input cannot be passed on"u8, error);
        }
    }

    // What has been taken is there only here: it is written, or that it cannot be is told.
    private static long Show(int stream, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            long written = GuestCalls.WriteSome(stream, bytes);
            if (written == TryAgain)
                GuestCalls.AwaitRoom(stream, -1);
            else if (written < 0 && written != Interrupted)
                return written;
            bytes = bytes[(int)Math.Max(0, written)..];
        }
        return 0;
    }

    // Waits a little for input, unless the program has not taken all there was. An error is one that will not go away.
    private static long Feed(long number, ref Input input, int milliseconds)
    {
        bool mayRead = !input.HasEnded && input.Start == input.End;
        bool isAtEnd = input.HasEnded && input.Start == input.End;
        long error = GuestCalls.AwaitInput(mayRead ? 0 : -1, isAtEnd ? 0 : milliseconds) > 0 ? Read(ref input) : 0;
        if (error < 0)
            return error;
        fixed (byte* bytes = input.Buffer)
        {
            while (input.Start < input.End)
            {
                long taken = GuestCalls.ExecInput(number, bytes + input.Start, input.End - input.Start);
                if (taken is TryAgain or Interrupted or NoMemory or NoSpace)
                    return 0;
                // Nobody reads it any more.
                if (taken is Broken or Cancelled)
                    input.IsPassed = true;
                else if (taken < 0)
                    return taken;
                input.Start = taken < 0 ? input.End : input.Start + (int)taken;
            }
        }
        if (!input.HasEnded || input.IsPassed)
            return 0;
        GuestCalls.ExecInput(number, null, 0);
        input.IsPassed = true;
        return 0;
    }

    private static long Read(ref Input input)
    {
        fixed (byte* bytes = input.Buffer)
        {
            long read = GuestCalls.Read(0, bytes, PieceBytes);
            input.HasEnded = read == 0;
            input.Start = 0;
            input.End = (int)Math.Max(0, read);
            return read is TryAgain or Interrupted ? 0 : read;
        }
    }

    private static int NotStarted(byte* group, byte* program, int error)
    {
        ExecMessages.NotStarted(group, program, error);
        return error == Missing ? NotFoundStatus : NotExecutableStatus;
    }
}
