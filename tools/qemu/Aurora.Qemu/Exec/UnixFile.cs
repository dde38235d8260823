// What the library does not tell of files: whose they are, and which file a name leads to. statx(2), because its structure is the same on
// every processor and C library.
using System;
using System.Runtime.InteropServices;

namespace Aurora.Qemu;

/// <summary>A file as the host's kernel knows it.</summary>
/// <param name="Kind">The bits of S_IFMT.</param>
/// <param name="Permissions">The others of its mode.</param>
/// <param name="Owner">The user's number.</param>
/// <param name="Device">The device, as "major-minor" in hexadecimal.</param>
/// <param name="Inode">Its number there.</param>
internal sealed unsafe partial record UnixFile(int Kind, int Permissions, uint Owner, string Device, ulong Inode)
{
    public const int Directory = 0x4000;
    public const int Socket = 0xC000;

    private const int KindMask = 0xF000;
    private const int WorkingDirectory = -100;
    private const int DoNotFollow = 0x100;
    private const uint BasicFields = 0x7FF;

    /// <summary>The user this process acts for.</summary>
    public static uint User => EffectiveUser();

    /// <summary>Only this user may use it, and nobody else can have made it.</summary>
    public bool IsPrivate => Owner == User && (Permissions & 0x3F) == 0;

    /// <summary>The file a name leads to, or the link that it is; null when it cannot be found.</summary>
    public static UnixFile? Find(string path, bool follows)
    {
        Status status;
        if (StatusCall(WorkingDirectory, path, follows ? 0 : DoNotFollow, BasicFields, &status) != 0)
            return null;
        string device = FormattableString.Invariant($"{status.DeviceMajor:x}-{status.DeviceMinor:x}");
        return new UnixFile(status.Mode & KindMask, status.Mode & 0xFFF, status.Owner, device, status.Inode);
    }

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(20)]
        public uint Owner;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatusCall(int directory, string path, int flags, uint mask, Status* status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
