// What is done with groups: run, fork, restore, rewind, suspend, resume, kill, rm, and their periods; and with processes of theirs: attach,
// detach.
using System;
using System.Runtime.InteropServices;
using Aurora.Guest;
using Aurora.Posix.Persistence;

namespace Aurora.Sls;

internal static unsafe class GroupCommands
{
    private const int NameTooLong = -36;

    public static int Run(ref Arguments arguments)
    {
        var request = new GroupRequest { Verb = GroupVerb.Run };
        bool isDetached = false;
        uint kept = 0;
        while (arguments.TakeOption(out ReadOnlySpan<byte> option))
        {
            bool isTaken = true;
            if (option.SequenceEqual("-d"u8))
                isDetached = true;
            else if (option.SequenceEqual("--ephemeral"u8))
                kept = GroupRequest.IsEphemeral;
            else if (option.SequenceEqual("--name"u8))
                isTaken = Set(request.Target, GroupRequest.NameBytes, arguments.Take());
            else if (option.SequenceEqual("--root"u8))
                isTaken = Set(request.Root, GroupRequest.RootBytes, arguments.Take());
            else
                isTaken = false;
            if (!isTaken)
                return SlsCommand.Usage(2);
        }
        if (arguments.Left == 0)
            return SlsCommand.Usage(2);
        byte* path = stackalloc byte[ProgramSearch.PathBytes];
        if (ProgramSearch.Find(*arguments.Rest, request.Root, arguments.Environment, path))
            *arguments.Rest = path;
        request.Flags = kept | (isDetached ? 0 : GroupRequest.HasTerminal);
        request.Arguments = (ulong)arguments.Rest;
        request.Environment = (ulong)arguments.Environment;
        long number = GuestCalls.Manage(&request);
        if (number < 0)
            return SlsCommand.Fail("run"u8, number);
        if (isDetached)
            return PrintName((ulong)number);
        byte* name = stackalloc byte[GroupRequest.NameBytes];
        var text = new Aurora.Base.Utf8Writer(new Span<byte>(name, GroupRequest.NameBytes));
        text.AppendDecimal((ulong)number);
        name[text.Length] = 0;
        return GroupConsole.Attach(name, fromStart: true);
    }

    /// <summary>fork [--ephemeral] N [NEW].</summary>
    public static int Fork(ref Arguments arguments)
    {
        uint flags = TakeEphemeral(ref arguments, out bool isKnown);
        return isKnown ? Copy("fork"u8, GroupVerb.Fork, arguments.Take(), null, ref arguments, flags) : SlsCommand.Usage(2);
    }

    private static uint TakeEphemeral(ref Arguments arguments, out bool isKnown)
    {
        uint flags = 0;
        isKnown = true;
        while (isKnown && arguments.TakeOption(out ReadOnlySpan<byte> option))
        {
            isKnown = option.SequenceEqual("--ephemeral"u8);
            flags = GroupRequest.IsEphemeral;
        }
        return flags;
    }

    /// <summary>restore [--ephemeral] N@CHECKPOINT [NEW].</summary>
    public static int Restore(ref Arguments arguments)
    {
        uint flags = TakeEphemeral(ref arguments, out bool isKnown);
        if (!isKnown)
            return SlsCommand.Usage(2);
        byte* source = arguments.Take();
        byte* at = source;
        while (at != null && *at != 0 && *at != '@')
            at++;
        if (at == null || *at == 0)
            return SlsCommand.Usage(2);
        *at = 0;
        return Copy("restore"u8, GroupVerb.Restore, source, at + 1, ref arguments, flags);
    }

    /// <summary>rewind N CHECKPOINT.</summary>
    public static int Rewind(ref Arguments arguments)
    {
        byte* group = arguments.Take();
        byte* checkpoint = arguments.Take();
        return checkpoint == null || arguments.Left != 0
            ? SlsCommand.Usage(2)
            : Ask("rewind"u8, new GroupRequest { Verb = GroupVerb.Rewind }, group, null, checkpoint, printsName: false);
    }

    /// <summary>A verb that takes groups, one or more.</summary>
    public static int Each(ReadOnlySpan<byte> what, GroupVerb verb, ref Arguments arguments)
    {
        if (arguments.Left == 0)
            return SlsCommand.Usage(2);
        int status = 0;
        while (arguments.Left != 0)
            status |= Ask(what, new GroupRequest { Verb = verb }, arguments.Take(), null, null, printsName: false);
        return status;
    }

    /// <summary>period N MILLISECONDS.</summary>
    public static int Period(ref Arguments arguments)
    {
        byte* group = arguments.Take();
        byte* text = arguments.Take();
        ReadOnlySpan<byte> digits = text == null ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
        bool isNumber = System.Buffers.Text.Utf8Parser.TryParse(digits, out uint milliseconds, out int used) && used == digits.Length;
        if (!isNumber || arguments.Left != 0)
            return SlsCommand.Usage(2);
        return SlsCommand.Report("period"u8, group, GuestCalls.PeriodOf(group, milliseconds * 1_000_000UL));
    }

    /// <summary>attach [N] PID, detach [N] PID.</summary>
    public static int Attach(ReadOnlySpan<byte> what, ref Arguments arguments, bool isDetached)
    {
        byte* group = arguments.Left == 2 ? arguments.Take() : null;
        byte* text = arguments.Take();
        ReadOnlySpan<byte> digits = text == null ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);
        bool isNumber = System.Buffers.Text.Utf8Parser.TryParse(digits, out int process, out int used) && used == digits.Length;
        if (!isNumber || process <= 0 || arguments.Left != 0)
            return SlsCommand.Usage(2);
        long result = GuestCalls.Attach(group, process, isDetached);
        ReadOnlySpan<byte> reason = result switch
        {
            -1 => "that process is somebody else's"u8,
            -2 => "there is no such group"u8,
            -3 => "there is no such process"u8,
            -22 => "process 1 is the group: it cannot be detached"u8,
            _ => SlsCommand.ReasonOf(result),
        };
        return result < 0 ? SlsCommand.Fail(what, digits, result, reason) : 0;
    }

    private static int Copy(
        ReadOnlySpan<byte> what, GroupVerb verb, byte* source, byte* checkpoint, ref Arguments arguments, uint flags)
    {
        byte* target = arguments.Take();
        return source == null || arguments.Left != 0
            ? SlsCommand.Usage(2)
            : Ask(what, new GroupRequest { Verb = verb, Flags = flags }, source, target, checkpoint, printsName: true);
    }

    private static int Ask(ReadOnlySpan<byte> what, GroupRequest request, byte* group, byte* target, byte* checkpoint, bool printsName)
    {
        bool fits = Set(request.Group, GroupRequest.NameBytes, group)
            && (target == null || Set(request.Target, GroupRequest.NameBytes, target))
            && (checkpoint == null || Set(request.Checkpoint, GroupRequest.NameBytes, checkpoint));
        long number = fits ? GuestCalls.Manage(&request) : NameTooLong;
        if (number < 0)
            return SlsCommand.Fail(what, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group), number);
        return printsName ? PrintName((ulong)number) : 0;
    }

    // Copies a word into a field; false when there is none, or no room for it.
    internal static bool Set(byte* field, int bytes, byte* word)
    {
        ReadOnlySpan<byte> text = word == null ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(word);
        if (word == null || text.Length >= bytes)
            return false;
        text.CopyTo(new Span<byte>(field, bytes));
        return true;
    }

    private static int PrintName(ulong number)
    {
        SlsGroup group;
        for (int index = 0; GuestCalls.Group(index, &group) >= 0; index++)
        {
            if (group.Id != number)
                continue;
            Span<byte> buffer = stackalloc byte[64];
            var output = new Output(buffer);
            output.Text(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group.Name));
            output.End(buffer);
            break;
        }
        return 0;
    }
}
