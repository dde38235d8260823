// After boot the kernel must not allocate managed memory, run class constructors lazily, take the library's locks or throw. This check reads
// the compiled object: the relocations of a method are what it calls or refers to (after inlining). A method of an Aurora assembly may
// refer to a banned symbol only if it runs at boot alone: a constructor, or one that boot-only.txt names.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Aurora.Build;

public static class BannedCalls
{
    /// <summary>What a banned symbol starts with, and what is wrong with it.</summary>
    private static readonly (string Prefix, string Reason)[] s_banned =
    [
        ("RhpNewFast", "allocates an object"),
        ("RhpNewFinalizable", "allocates an object"),
        ("RhpNewArrayFast", "allocates an array"),
        ("RhpNewPtrArrayFast", "allocates an array"),
        ("RhNewString", "allocates a string"),
        ("RhAllocateNew", "allocates"),
        ("S_P_CoreLib_System_Runtime_RuntimeExports__RhBox", "boxes a value"),
        ("S_P_CoreLib_System_Runtime_RuntimeExports__RhNew", "allocates"),
        ("RhpThrowEx", "throws an exception"),
        ("RhpInitialDynamicInterfaceDispatch", "calls through an interface"),
        ("S_P_CoreLib_System_Runtime_CompilerServices_ClassConstructorRunner__", "may run a class constructor"),
        ("S_P_CoreLib_System_Threading_Monitor__", "takes a lock"),
        ("S_P_CoreLib_System_Threading_Lock__", "takes a lock"),
        ("S_P_CoreLib_System_Runtime_TypeCast__", "casts through the allocating cache"),
        ("S_P_CoreLib_System_String__", "makes a string"),
        ("S_P_CoreLib_System_Enum__", "uses reflection on an enum"),
        ("S_P_CoreLib_System_Buffers_ArrayPool", "rents an array"),
        ("S_P_CoreLib_System_DateTime__", "asks the operating system for the time"),
        ("S_P_CoreLib_System_Diagnostics_Stopwatch__", "asks the operating system for the time"),
        ("RhGetThreadStaticStorage", "uses a thread static"),
        ("S_P_CoreLib_Internal_Runtime_ThreadStatics__", "uses a thread static"),
    ];

    /// <summary>Writes one line a violation and returns the exit code.</summary>
    public static int Check(ElfFile compiled, BootOnlyList bootOnly, TextWriter errors)
    {
        var violations = new SortedSet<string>(StringComparer.Ordinal);
        for (int section = 0; section < compiled.Sections.Count; section++)
        {
            if (compiled.Sections[section].Name == "__managedcode")
                CheckSection(compiled, section, bootOnly, violations);
        }
        foreach (string violation in violations)
            errors.WriteLine("error AURORA1: " + violation);
        return violations.Count == 0 ? 0 : 1;
    }

    private static void CheckSection(ElfFile compiled, int section, BootOnlyList bootOnly, SortedSet<string> violations)
    {
        ElfSymbol[] methods = compiled.Symbols.Where(symbol => symbol.Section == section && symbol.Name.Length != 0)
            .OrderBy(symbol => symbol.Value).ToArray();
        ulong[] starts = methods.Select(symbol => symbol.Value).ToArray();
        foreach (ElfRelocation relocation in compiled.RelocationsOf(section))
        {
            string target = compiled.Symbols[relocation.Symbol].Name;
            string? reason = ReasonAgainst(target);
            if (reason == null)
                continue;
            int index = Array.BinarySearch(starts, relocation.Offset);
            string method = methods[index >= 0 ? index : ~index - 1].Name;
            if (method.StartsWith("Aurora_", StringComparison.Ordinal) && !bootOnly.Allows(method))
                violations.Add($"{method} {reason} ({target}); kernel code must not do that after boot");
        }
    }

    private static string? ReasonAgainst(string target)
    {
        foreach ((string prefix, string reason) in s_banned)
        {
            if (target.StartsWith(prefix, StringComparison.Ordinal))
                return reason;
        }
        return null;
    }
}
