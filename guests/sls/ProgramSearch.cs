using System;
using System.Runtime.InteropServices;
using Aurora.Guest;

namespace Aurora.Sls;

/// <summary>Looks for a program as a shell does.</summary>
internal static unsafe class ProgramSearch
{
    /// <summary>Room for a path.</summary>
    public const int PathBytes = 1024;

    /// <summary>
    /// Finds a program that is named without a slash in the directories of PATH, below a root unless that is empty, and writes its path as
    /// seen from that root. False when the name has a slash, or nothing was found.
    /// </summary>
    public static bool Find(byte* name, byte* root, byte** environment, byte* path)
    {
        ReadOnlySpan<byte> program = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name);
        if (program.IsEmpty || program.Contains((byte)'/'))
            return false;
        ReadOnlySpan<byte> prefix = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(root);
        Span<byte> whole = stackalloc byte[PathBytes];
        for (ReadOnlySpan<byte> left = PathOf(environment); !left.IsEmpty;)
        {
            int end = left.IndexOf((byte)':');
            ReadOnlySpan<byte> directory = end < 0 ? left : left[..end];
            left = end < 0 ? default : left[(end + 1)..];
            if (directory.IsEmpty || prefix.Length + directory.Length + program.Length + 2 > PathBytes)
                continue;
            prefix.CopyTo(whole);
            directory.CopyTo(whole[prefix.Length..]);
            whole[prefix.Length + directory.Length] = (byte)'/';
            program.CopyTo(whole[(prefix.Length + directory.Length + 1)..]);
            int length = prefix.Length + directory.Length + 1 + program.Length;
            whole[length] = 0;
            if (!GuestCalls.MayRun(whole))
                continue;
            whole[prefix.Length..(length + 1)].CopyTo(new Span<byte>(path, PathBytes));
            return true;
        }
        return false;
    }

    private static ReadOnlySpan<byte> PathOf(byte** environment)
    {
        for (; *environment != null; environment++)
        {
            ReadOnlySpan<byte> variable = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(*environment);
            if (variable.StartsWith("PATH="u8))
                return variable["PATH="u8.Length..];
        }
        return "/bin:/sbin:/usr/bin:/usr/sbin"u8;
    }
}
