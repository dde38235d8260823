using System;

namespace Aurora.Posix.Files;

/// <summary>What poll asks for and reports, by Linux's values.</summary>
[Flags]
public enum PollEvents : ushort
{
    None = 0,
    In = 1,
    Priority = 2,
    Out = 4,
    Error = 8,
    HangUp = 0x10,
    Invalid = 0x20,
    ReadNormal = 0x40,
    ReadBand = 0x80,
    WriteNormal = 0x100,
    WriteBand = 0x200,
    ReadHangUp = 0x2000,

    Readable = In | ReadNormal,
    Writable = Out | WriteNormal,

    /// <summary>Reported whether asked for or not.</summary>
    Always = Error | HangUp | Invalid,
}
