// The argument of sls_manage (struct sls_manage in guests/include/aurora.h). It grows at the end only.
using System;
using System.Runtime.InteropServices;

namespace Aurora.Posix.Persistence;

/// <summary>What is asked for with a group. Texts are zero-terminated.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct GroupRequest
{
    public const int Size = 488;
    public const int NameBytes = 64;
    public const int RootBytes = 256;

    /// <summary>In Flags, with Run: the group's console is a terminal; otherwise it behaves as a pipe does.</summary>
    public const uint HasTerminal = 1;

    /// <summary>In Flags, with Exec: its output goes to the group's console, and it has no input.</summary>
    public const uint IsDetached = 2;

    /// <summary>In Flags, with Run, Fork and Restore: nothing of the new group is kept; the machine starts again without it.</summary>
    public const uint IsEphemeral = 4;

    public GroupVerb Verb;

    /// <summary>Zero or more of the constants above.</summary>
    public uint Flags;

    /// <summary>The group concerned; with Run empty.</summary>
    public fixed byte Group[NameBytes];

    /// <summary>
    /// Run, Fork, Restore: the name of the new group; empty for one made of its number. Receive: what the saved volume is to be called.
    /// Send: the checkpoint that the receiver has already, as in Checkpoint; empty for none. Dump: the process, in decimal.
    /// </summary>
    public fixed byte Target[NameBytes];

    /// <summary>
    /// Restore, Rewind, Send, Dump: a name or an epoch in decimal, or how far to go back in time: a minus and seconds. Empty, but for
    /// Rewind: what there is now.
    /// </summary>
    public fixed byte Checkpoint[NameBytes];

    /// <summary>
    /// Run: the directory that becomes the root of the group; empty for the whole tree. Exec: the directory the program begins in, as its
    /// group sees it; empty for the root.
    /// </summary>
    public fixed byte Root[RootBytes];

    /// <summary>Run, Exec: addresses of the arguments and the environment, as of execve. Zero once the kernel has taken them.</summary>
    public ulong Arguments;
    public ulong Environment;
    public ulong Reserved2;
    public ulong Reserved3;

    /// <summary>True when every text ends within its field.</summary>
    public readonly bool IsWhole
    {
        get
        {
            fixed (GroupRequest* self = &this)
                return Ends(self->Group, NameBytes) && Ends(self->Target, NameBytes) && Ends(self->Checkpoint, NameBytes)
                    && Ends(self->Root, RootBytes);
        }
    }

    private static bool Ends(byte* text, int bytes) => new ReadOnlySpan<byte>(text, bytes).Contains((byte)0);
}

/// <summary>The strings of a program to run, each with its NUL: arguments, then environment. Valid during a call.</summary>
public readonly ref struct ProgramStrings(ReadOnlySpan<byte> text, int argumentCount, int environmentCount)
{
    public readonly ReadOnlySpan<byte> Text = text;
    public readonly int ArgumentCount = argumentCount;
    public readonly int EnvironmentCount = environmentCount;
}
