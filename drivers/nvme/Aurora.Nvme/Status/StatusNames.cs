// The names of all status codes of the base specification (NVM Express 1.4 figures 127 to 131; 2.0 figures 94 to 100) and the
// NVM command set. A code without a name is shown by its table and number, so nothing is ever reported without its value.
using System;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Names status codes in log lines and errors.</summary>
public static class StatusNames
{
    /// <summary>The name of the status, or the name of its table when the code itself has none here.</summary>
    public static ReadOnlySpan<byte> NameOf(NvmeStatus status)
    {
        ReadOnlySpan<byte> name = status.Type switch
        {
            StatusCodeType.Generic => Generic(status.Code),
            StatusCodeType.CommandSpecific => CommandSpecific(status.Code),
            StatusCodeType.MediaAndDataIntegrity => Media(status.Code),
            StatusCodeType.PathRelated => Path(status.Code),
            _ => default,
        };
        return name.IsEmpty ? TableName(status.Type) : name;
    }

    /// <summary>Appends the name and the number, as in "write fault (0x280)".</summary>
    public static void Append(ref Utf8Writer writer, NvmeStatus status)
    {
        writer.Append(NameOf(status));
        writer.Append(" (0x"u8);
        writer.AppendHex(status.Number, 3);
        writer.Append(")"u8);
    }

    private static ReadOnlySpan<byte> TableName(StatusCodeType type) => type switch
    {
        StatusCodeType.Generic => "unnamed generic status"u8,
        StatusCodeType.CommandSpecific => "unnamed command specific status"u8,
        StatusCodeType.MediaAndDataIntegrity => "unnamed media status"u8,
        StatusCodeType.PathRelated => "unnamed path status"u8,
        StatusCodeType.VendorSpecific => "vendor specific status"u8,
        _ => "reserved status type"u8,
    };

    private static ReadOnlySpan<byte> Generic(byte code) => code switch
    {
        0x00 => "success"u8,
        0x01 => "invalid command opcode"u8,
        0x02 => "invalid field in command"u8,
        0x03 => "command id conflict"u8,
        0x04 => "data transfer error"u8,
        0x05 => "aborted by power loss notification"u8,
        0x06 => "internal error"u8,
        0x07 => "abort requested"u8,
        0x08 => "aborted by submission queue deletion"u8,
        0x09 => "aborted by failed fused command"u8,
        0x0A => "aborted by missing fused command"u8,
        0x0B => "invalid namespace or format"u8,
        0x0C => "command sequence error"u8,
        0x0D => "invalid SGL segment descriptor"u8,
        0x0E => "invalid number of SGL descriptors"u8,
        0x0F => "invalid data SGL length"u8,
        0x10 => "invalid metadata SGL length"u8,
        0x11 => "invalid SGL descriptor type"u8,
        0x12 => "invalid use of controller memory buffer"u8,
        0x13 => "invalid PRP offset"u8,
        0x14 => "atomic write unit exceeded"u8,
        0x15 => "operation denied"u8,
        0x16 => "invalid SGL offset"u8,
        0x18 => "host identifier format inconsistent"u8,
        0x19 => "keep alive timer expired"u8,
        0x1A => "invalid keep alive timeout"u8,
        0x1B => "aborted by preempt and abort"u8,
        0x1C => "sanitize failed"u8,
        0x1D => "sanitize in progress"u8,
        0x1E => "invalid SGL data block granularity"u8,
        0x1F => "command not supported for queue in controller memory"u8,
        0x20 => "namespace is write protected"u8,
        0x21 => "command interrupted"u8,
        0x22 => "transient transport error"u8,
        0x23 => "prohibited by command and feature lockdown"u8,
        0x24 => "media not ready for admin command"u8,
        _ => GenericIo(code),
    };

    private static ReadOnlySpan<byte> GenericIo(byte code) => code switch
    {
        0x80 => "LBA out of range"u8,
        0x81 => "capacity exceeded"u8,
        0x82 => "namespace not ready"u8,
        0x83 => "reservation conflict"u8,
        0x84 => "format in progress"u8,
        0x85 => "invalid value size"u8,
        0x86 => "invalid key size"u8,
        0x87 => "key does not exist"u8,
        0x88 => "unrecovered error"u8,
        0x89 => "key exists"u8,
        _ => default,
    };

    private static ReadOnlySpan<byte> CommandSpecific(byte code) => code switch
    {
        0x00 => "invalid completion queue"u8,
        0x01 => "invalid queue identifier"u8,
        0x02 => "invalid queue size"u8,
        0x03 => "abort command limit exceeded"u8,
        0x05 => "asynchronous event request limit exceeded"u8,
        0x06 => "invalid firmware slot"u8,
        0x07 => "invalid firmware image"u8,
        0x08 => "invalid interrupt vector"u8,
        0x09 => "invalid log page"u8,
        0x0A => "invalid format"u8,
        0x0B => "firmware activation needs a conventional reset"u8,
        0x0C => "invalid queue deletion"u8,
        0x0D => "feature identifier not saveable"u8,
        0x0E => "feature not changeable"u8,
        0x0F => "feature not namespace specific"u8,
        0x10 => "firmware activation needs a subsystem reset"u8,
        0x11 => "firmware activation needs a controller reset"u8,
        0x12 => "firmware activation exceeds the maximum time"u8,
        0x13 => "firmware activation prohibited"u8,
        0x14 => "overlapping range"u8,
        0x15 => "insufficient namespace capacity"u8,
        0x16 => "namespace identifier unavailable"u8,
        0x18 => "namespace already attached"u8,
        0x19 => "namespace is private"u8,
        0x1A => "namespace not attached"u8,
        0x1B => "thin provisioning not supported"u8,
        0x1C => "invalid controller list"u8,
        0x1D => "device self-test in progress"u8,
        0x1E => "boot partition write prohibited"u8,
        0x1F => "invalid controller identifier"u8,
        _ => CommandSpecificLater(code),
    };

    private static ReadOnlySpan<byte> CommandSpecificLater(byte code) => code switch
    {
        0x20 => "invalid secondary controller state"u8,
        0x21 => "invalid number of controller resources"u8,
        0x22 => "invalid resource identifier"u8,
        0x23 => "sanitize prohibited by persistent memory region"u8,
        0x24 => "invalid namespace group identifier"u8,
        0x25 => "namespace attach failed"u8,
        0x26 => "insufficient capacity"u8,
        0x27 => "namespace attachment limit exceeded"u8,
        0x28 => "command execution limit not supported"u8,
        0x29 => "I/O command set not supported"u8,
        0x2A => "I/O command set not enabled"u8,
        0x2B => "I/O command set combination rejected"u8,
        0x2C => "invalid I/O command set"u8,
        0x2D => "identifier unavailable"u8,
        0x80 => "conflicting attributes"u8,
        0x81 => "invalid protection information"u8,
        0x82 => "attempted write to read-only range"u8,
        0x83 => "command size limit exceeded"u8,
        0xB8 => "zone boundary error"u8,
        0xB9 => "zone is full"u8,
        0xBA => "zone is read-only"u8,
        0xBB => "zone is offline"u8,
        0xBC => "invalid zone write"u8,
        0xBD => "too many active zones"u8,
        0xBE => "too many open zones"u8,
        0xBF => "invalid zone state transition"u8,
        _ => default,
    };

    private static ReadOnlySpan<byte> Media(byte code) => code switch
    {
        0x80 => "write fault"u8,
        0x81 => "unrecovered read error"u8,
        0x82 => "end-to-end guard check error"u8,
        0x83 => "end-to-end application tag check error"u8,
        0x84 => "end-to-end reference tag check error"u8,
        0x85 => "compare failure"u8,
        0x86 => "access denied"u8,
        0x87 => "deallocated or unwritten logical block"u8,
        0x88 => "end-to-end storage tag check error"u8,
        _ => default,
    };

    private static ReadOnlySpan<byte> Path(byte code) => code switch
    {
        0x00 => "internal path error"u8,
        0x01 => "asymmetric access persistent loss"u8,
        0x02 => "asymmetric access inaccessible"u8,
        0x03 => "asymmetric access transition"u8,
        0x60 => "controller pathing error"u8,
        0x70 => "host pathing error"u8,
        0x71 => "aborted by host"u8,
        _ => default,
    };
}
