using System.Runtime.InteropServices;

namespace Aurora.Runtime;

/// <summary>Starts the class library. Needs memory in <see cref="KernelHeap"/>; precedes every use of a static field with a constructor.</summary>
public static unsafe class ClassLibrary
{
    public static void Start()
    {
        InitializeModules(0, runtime_modules(), 1, null, 0);
        __managed__Startup();
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern void InitializeModules(nint osModule, void** modules, int moduleCount, void* functions, int functionCount);

    [DllImport("*"), SuppressGCTransition]
    private static extern void __managed__Startup();

    [DllImport("*"), SuppressGCTransition]
    private static extern void** runtime_modules();
}
