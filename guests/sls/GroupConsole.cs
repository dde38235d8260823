// The output of groups, and typing on their consoles. An attached console passes what is typed on, and shows what is durable; Ctrl-^ leaves
// it. Nothing tells of input and output at once, so both are looked at some times a second while one is attached. What the group's console
// has no room for is kept and offered again: meanwhile output, the group's end and the key that leaves are looked at as ever. The end of
// the input of a program that is run is its console's; a console that is merely joined does not end with who has joined it.
using System;
using System.Runtime.InteropServices;
using Aurora.Guest;
using Aurora.Posix.Persistence;

namespace Aurora.Sls;

internal static unsafe class GroupConsole
{
    private const int PieceBytes = 2048;
    private const int LookMilliseconds = 20;
    private const uint GetSettings = 0x5401;
    private const uint SetSettings = 0x5402;
    private const int SettingsBytes = 60;
    private const int SignalExitBase = 128;

    /// <summary>logs [-f] N: what the group has written, as far as it is kept; with -f also what it will write.</summary>
    public static int Logs(ref Arguments arguments)
    {
        bool follows = false;
        while (arguments.TakeOption(out ReadOnlySpan<byte> option))
        {
            if (!option.SequenceEqual("-f"u8))
                return SlsCommand.Usage(2);
            follows = true;
        }
        byte* group = arguments.Take();
        if (group == null || arguments.Left != 0)
            return SlsCommand.Usage(2);
        ulong position = 0;
        long result;
        while ((result = Show(group, &position, follows)) > 0)
        {
        }
        return result < 0 ? SlsCommand.Fail("logs"u8, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group), result) : 0;
    }

    /// <summary>console N.</summary>
    public static int Console(ref Arguments arguments)
    {
        byte* group = arguments.Take();
        return group == null || arguments.Left != 0 ? SlsCommand.Usage(2) : Attach(group, fromStart: false);
    }

    /// <summary>
    /// Joins the terminal to a group's console until the group has ended or Ctrl-^ is typed; returns the group's exit status.
    /// </summary>
    public static int Attach(byte* group, bool fromStart)
    {
        byte* settings = stackalloc byte[SettingsBytes];
        bool isTerminal = GuestCalls.Control(0, GetSettings, settings) == 0;
        if (isTerminal)
            MakeRaw(settings);
        long result = Pass(group, fromStart, isTerminal);
        if (isTerminal)
            GuestCalls.Control(0, SetSettings, settings);
        return result < 0 ? SlsCommand.Fail("console"u8, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(group), result) : (int)result;
    }

    // Passes both ways; the exit status, or a negated errno.
    private static long Pass(byte* group, bool fromStart, bool isTerminal)
    {
        ulong position = fromStart ? 0 : ulong.MaxValue;
        var typed = new TypedInput { HasMore = true, IsTerminal = isTerminal, PassesEnd = fromStart };
        for (;;)
        {
            long shown = Show(group, &position, waits: false);
            if (shown < 0)
                return shown;
            SlsGroup about;
            if (shown == 0 && HasEnded(group, &about))
                return ShowRest(group, &position) < 0 ? 1 : StatusOf(about.WaitStatus);
            typed.Offer(group);
            bool canRead = GuestCalls.AwaitInput(typed.MayRead ? 0 : -1, LookMilliseconds) > 0;
            if (canRead && !typed.Read())
                return 0;
        }
    }

    // What was written at the end is durable a little later.
    private static long ShowRest(byte* group, ulong* position)
    {
        long shown;
        do
            shown = Show(group, position, waits: true);
        while (shown > 0);
        return shown;
    }

    private static long Show(byte* group, ulong* position, bool waits)
    {
        byte* piece = stackalloc byte[PieceBytes];
        long count = GuestCalls.Log(group, position, piece, PieceBytes, waits);
        if (count > 0)
            GuestCalls.Write(1, new ReadOnlySpan<byte>(piece, (int)count));
        return count;
    }

    private static bool HasEnded(byte* name, SlsGroup* about)
    {
        ReadOnlySpan<byte> wanted = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
        bool isNumber = System.Buffers.Text.Utf8Parser.TryParse(wanted, out ulong number, out int used) && used == wanted.Length;
        for (int index = 0; GuestCalls.Group(index, about) >= 0; index++)
        {
            bool isMeant = isNumber ? about->Id == number
                : wanted.SequenceEqual(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(about->Name));
            if (isMeant)
                return about->State is SlsGroup.StateEnded or SlsGroup.StateBroken;
        }
        return true;
    }

    /// <summary>The exit status a shell would tell.</summary>
    internal static int StatusOf(int waitStatus)
        => (waitStatus & 0x7F) == 0 ? (waitStatus >> 8) & 0xFF : SignalExitBase + (waitStatus & 0x7F);

    // As cfmakeraw does.
    private static void MakeRaw(byte* settings)
    {
        byte* raw = stackalloc byte[SettingsBytes];
        new ReadOnlySpan<byte>(settings, SettingsBytes).CopyTo(new Span<byte>(raw, SettingsBytes));
        uint* flags = (uint*)raw;
        flags[0] &= ~0x5EBu;
        flags[1] &= ~1u;
        flags[2] = (flags[2] & ~0x130u) | 0x30;
        flags[3] &= ~0x804Bu;
        GuestCalls.Control(0, SetSettings, raw);
    }
}
