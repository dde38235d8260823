using System;
using System.Runtime.InteropServices;

namespace Aurora.Qemu;

/// <summary>The terminal this process runs on: its size, and its raw mode while a guest owns it.</summary>
public sealed unsafe partial class HostTerminal : IDisposable
{
    // struct termios of the C library is 60 bytes on x86-64; only the C library looks inside.
    private const int TermiosBytes = 64;
    private const int ApplyNow = 0;
    private const nuint WindowSizeRequest = 0x5413;

    // A guest that was cut off could not tidy up after a full-screen program: main screen, plain characters, cursor shown.
    private static ReadOnlySpan<byte> MainScreen => "\e[?47l\e[0m\e[?25h"u8;

    private readonly byte[] _saved;
    private bool _restored;

    private HostTerminal(byte[] saved)
    {
        _saved = saved;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>True when standard input and standard output are both terminals.</summary>
    public static bool IsInteractive => IsATerminal(StandardStreams.Input) == 1 && IsATerminal(StandardStreams.Output) == 1;

    /// <summary>The terminal's size, or null when standard output is not a terminal or does not know it.</summary>
    public static (int Rows, int Columns)? Size
    {
        get
        {
            WindowSize size;
            return WindowSizeCall(StandardStreams.Output, WindowSizeRequest, &size) == 0 && size.Rows > 0 && size.Columns > 0
                ? (size.Rows, size.Columns)
                : null;
        }
    }

    /// <summary>Puts the terminal into raw mode until disposed: every key goes to the guest, every byte of output passes unchanged.</summary>
    public static HostTerminal EnterRawMode()
    {
        byte[] saved = new byte[TermiosBytes];
        byte* raw = stackalloc byte[TermiosBytes];
        fixed (byte* state = saved)
        {
            if (GetAttributes(StandardStreams.Input, state) != 0)
                throw new MachineException("standard input is not a terminal");
        }
        saved.CopyTo(new Span<byte>(raw, TermiosBytes));
        MakeRaw(raw);
        var terminal = new HostTerminal(saved);
        _ = SetAttributes(StandardStreams.Input, ApplyNow, raw);
        return terminal;
    }

    /// <summary>Restores the mode found at the start.</summary>
    public void Dispose()
    {
        if (_restored)
            return;
        _restored = true;
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        _ = StandardStreams.Write(StandardStreams.Output, MainScreen);
        fixed (byte* state = _saved)
            _ = SetAttributes(StandardStreams.Input, ApplyNow, state);
    }

    private void OnProcessExit(object? sender, EventArgs arguments) => Dispose();

    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort PixelWidth;
        public ushort PixelHeight;
    }

    [LibraryImport("libc", EntryPoint = "isatty")]
    private static partial int IsATerminal(int descriptor);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetAttributes(int descriptor, byte* state);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(int descriptor, int when, byte* state);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte* state);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int WindowSizeCall(int descriptor, nuint request, WindowSize* size);
}
