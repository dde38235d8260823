// The mount table: there are four file systems, the root, /proc, /dev/pts and /dev/mqueue, and no mounts besides. Their device numbers are
// those of stat(2), by which programs find out on which one a file is.
using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>/proc/N/mounts, mountinfo and mountstats.</summary>
internal static class ProcMountText
{
    public static void Write(ProcNode node, ref Utf8Writer writer)
    {
        switch (node)
        {
            case ProcNode.ProcessMountInformation:
                WriteMountInformation("1 0 "u8, DeviceNumber.FileSystem, "/"u8, "aurora"u8, "rw"u8, ref writer);
                WriteMountInformation("2 1 "u8, DeviceNumber.ProcFileSystem, "/proc"u8, "proc"u8, "rw"u8, ref writer);
                WriteMountInformation("3 1 "u8, DeviceNumber.TerminalFileSystem, "/dev/pts"u8, "devpts"u8,
                    "rw,gid=5,mode=620,ptmxmode=666"u8, ref writer);
                WriteMountInformation("4 1 "u8, DeviceNumber.QueueFileSystem, "/dev/mqueue"u8, "mqueue"u8, "rw"u8, ref writer);
                break;
            case ProcNode.ProcessMountStatistics:
                writer.Append("device aurora mounted on / with fstype aurora\ndevice proc mounted on /proc with fstype proc\n"u8);
                writer.Append("device devpts mounted on /dev/pts with fstype devpts\n"u8);
                writer.Append("device mqueue mounted on /dev/mqueue with fstype mqueue\n"u8);
                break;
            default:
                writer.Append("aurora / aurora rw,relatime 0 0\nproc /proc proc rw,relatime 0 0\n"u8);
                writer.Append("devpts /dev/pts devpts rw,relatime,gid=5,mode=620,ptmxmode=666 0 0\n"u8);
                writer.Append("mqueue /dev/mqueue mqueue rw,relatime 0 0\n"u8);
                break;
        }
    }

    // Number and parent, device, root within the file system, place, options, type, source, options of the file system.
    private static void WriteMountInformation(
        ReadOnlySpan<byte> numbers, ulong device, ReadOnlySpan<byte> place, ReadOnlySpan<byte> type, ReadOnlySpan<byte> options,
        ref Utf8Writer writer)
    {
        writer.Append(numbers);
        writer.AppendDecimal(DeviceNumber.Major(device));
        writer.Append((byte)':');
        writer.AppendDecimal(DeviceNumber.Minor(device));
        writer.Append(" / "u8);
        writer.Append(place);
        writer.Append(" rw,relatime - "u8);
        writer.Append(type);
        writer.Append((byte)' ');
        writer.Append(type);
        writer.Append((byte)' ');
        writer.Append(options);
        writer.Append((byte)'\n');
    }
}
