; Runtime services the kernel does not have: collection, finalization, exception dispatch, threads of the class library. The compiled
; library refers to them; nothing in the kernel may reach them. Each stops the kernel by its own name.

bits 64

extern AuroraRuntimeFailed

%macro absent 1
section .text
global %1
%1:
  push rbp
  mov rbp, rsp
  lea rdi, [rel %%text]
  mov esi, %%end - %%text
  call AuroraRuntimeFailed
  ud2
section .rodata
%%text: db "runtime: absent service ", %str(%1)
%%end:
%endmacro

absent RhCompatibleReentrantWaitAny
absent RhFindMethodStartAddress
absent RhGetCrashInfoBuffer
absent RhGetGcCollectionCount
absent RhGetKnobValues
absent RhGetMaxGcGeneration
absent RhGetMemoryInfo
absent RhGetModuleFileName
absent RhGetOSModuleFromPointer
absent RhGetRuntimeVersion
absent RhGetThreadStaticStorage
absent RhSetThreadExitCallback
absent RhUpdateFrozenSegment
absent RhpCallCatchFunclet
absent RhpCallFilterFunclet
absent RhpCallFinallyFunclet
absent RhpCollect
absent RhpCopyContextFromExInfo
absent RhpEHEnumInitFromStackFrameIterator
absent RhpEHEnumNext
absent RhpEndNoGCRegion
absent RhpFirstChanceExceptionNotification
absent RhpGetClasslibFunctionFromCodeAddress
absent RhpGetCurrentThreadStackTrace
absent RhpGetDispatchCellInfo
absent RhpGetGcTotalMemory
absent RhpGetNextFinalizableObject
absent RhpGetThreadAbortException
absent RhpRethrow
absent RhpSearchDispatchCellCache
absent RhpSetThreadDoNotTriggerGC
absent RhpSfiInit
absent RhpSfiNext
absent RhpSignalFinalizationComplete
absent RhpStartNoGCRegion
absent RhpUpdateDispatchCellCache
absent RhpWaitForFinalizerRequest

; Where the linker script put the compiled image's module header.
section .text
global runtime_modules
extern __start___modules
runtime_modules:
  lea rax, [rel __start___modules]
  ret
