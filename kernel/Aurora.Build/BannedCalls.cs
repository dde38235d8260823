// After boot the kernel must not allocate managed memory, run class constructors lazily, take the library's locks or throw. This check reads
// the compiled object: what a method calls or refers to, after inlining, directly or through methods of the class library. A method of
// an Aurora assembly may reach a banned symbol only if it runs at boot alone: a constructor, or one that boot-only.txt names. The library's
// throw helpers do not count: they end in a panic that names them. Virtual calls are not followed; the sealed heap catches those.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Aurora.Build;

public sealed class BannedCalls
{
    /// <summary>What a banned symbol starts with, and what is wrong with it.</summary>
    private static readonly (string Prefix, string Reason)[] s_banned =
    [
        ("Aurora_Runtime_Aurora_Runtime_ObjectAllocation__", "allocates"),
        ("Aurora_Runtime_Aurora_Runtime_ExceptionThrow__Throw", "throws an exception"),
        ("__InterfaceDispatchCell_", "calls through an interface"),
        ("S_P_CoreLib_System_Runtime_CompilerServices_ClassConstructorRunner__", "may run a class constructor"),
        ("S_P_CoreLib_System_Threading_Monitor__", "takes a lock"),
        ("S_P_CoreLib_System_Threading_Lock__", "takes a lock"),
        ("S_P_CoreLib_System_Buffers_ArrayPool", "rents an array"),
        ("RhGetThreadStaticStorage", "uses a thread static"),
    ];

    private readonly ElfFile _compiled;
    private readonly Dictionary<string, HashSet<string>> _callees = new(StringComparer.Ordinal);

    private BannedCalls(ElfFile compiled)
    {
        _compiled = compiled;
        for (int section = 0; section < compiled.Sections.Count; section++)
        {
            if (compiled.Sections[section].Name is "__managedcode" or ".text")
                AddSection(section);
        }
    }

    /// <summary>Writes one line a violation and returns the exit code.</summary>
    public static int Check(ElfFile compiled, BootOnlyList bootOnly, TextWriter errors)
    {
        var calls = new BannedCalls(compiled);
        Dictionary<string, string> tainted = calls.FindTainted();
        bool isClean = true;
        foreach (string method in calls._callees.Keys.Where(IsChecked).Where(method => !bootOnly.Allows(method)).Order(StringComparer.Ordinal))
        {
            foreach (string target in calls._callees[method].Where(tainted.ContainsKey).Order(StringComparer.Ordinal))
            {
                errors.WriteLine($"error AURORA1: {method} {calls.Explain(target, tainted)}: not after boot (see boot-only.txt)");
                isClean = false;
            }
        }
        return isClean ? 0 : 1;
    }

    private static bool IsChecked(string method)
        => method.StartsWith("Aurora_", StringComparison.Ordinal) && !method.StartsWith("Aurora_Runtime_", StringComparison.Ordinal);

    /// <summary>Library methods that end in a panic anyway.</summary>
    private static bool IsFailure(string method)
        => method.Contains("Throw", StringComparison.Ordinal) || method.Contains("Exception", StringComparison.Ordinal)
            || method.Contains("FailFast", StringComparison.Ordinal);

    /// <summary>The banned symbols and every library method that reaches one, each with the callee that leads there.</summary>
    private Dictionary<string, string> FindTainted()
    {
        var callers = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach ((string method, HashSet<string> callees) in _callees)
        {
            foreach (string callee in callees)
            {
                if (!callers.TryGetValue(callee, out List<string>? list))
                    callers[callee] = list = [];
                list.Add(method);
            }
        }
        var tainted = new Dictionary<string, string>(StringComparer.Ordinal);
        var queue = new Queue<string>(callers.Keys.Where(name => ReasonAgainst(name) != null));
        foreach (string banned in queue)
            tainted[banned] = banned;
        while (queue.TryDequeue(out string? callee))
        {
            foreach (string caller in callers.GetValueOrDefault(callee) ?? [])
            {
                if (!caller.StartsWith("Aurora_", StringComparison.Ordinal) && !IsFailure(caller) && tainted.TryAdd(caller, callee))
                    queue.Enqueue(caller);
            }
        }
        return tainted;
    }

    private string Explain(string target, Dictionary<string, string> tainted)
    {
        string path = "";
        string at = target;
        for (; tainted[at] != at; at = tainted[at])
            path += $" through {at}";
        return ReasonAgainst(at) + path + $" ({at})";
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

    private void AddSection(int section)
    {
        ElfSymbol[] methods = _compiled.Symbols.Where(symbol => symbol.Section == section && symbol.Name.Length != 0)
            .OrderBy(symbol => symbol.Value).DistinctBy(symbol => symbol.Value).ToArray();
        ulong[] starts = methods.Select(symbol => symbol.Value).ToArray();
        foreach ((ulong from, string target) in References(section, methods))
        {
            int index = Array.BinarySearch(starts, from);
            string method = methods[index >= 0 ? index : ~index - 1].Name;
            if (!_callees.TryGetValue(method, out HashSet<string>? callees))
                _callees[method] = callees = new HashSet<string>(StringComparer.Ordinal);
            callees.Add(target);
        }
    }

    /// <summary>
    /// Everything code refers to: through relocations, and by direct calls and jumps inside the section, which the compiler has resolved. Those
    /// are found by their opcode; bytes that only look like one do not lead to the exact start of a method.
    /// </summary>
    private IEnumerable<(ulong From, string Target)> References(int section, ElfSymbol[] methods)
    {
        const byte call = 0xE8;
        const byte jump = 0xE9;
        foreach (ElfRelocation relocation in _compiled.RelocationsOf(section))
            yield return (relocation.Offset, _compiled.Symbols[relocation.Symbol].Name);
        Dictionary<ulong, string> names = methods.ToDictionary(method => method.Value, method => method.Name);
        byte[] code = _compiled.Contents(_compiled.Sections[section]).ToArray();
        for (int at = 0; at + 5 <= code.Length; at++)
        {
            if (code[at] is not (call or jump))
                continue;
            long target = at + 5 + BitConverter.ToInt32(code, at + 1);
            if (names.TryGetValue((ulong)target, out string? name))
                yield return ((ulong)at, name);
        }
    }
}
