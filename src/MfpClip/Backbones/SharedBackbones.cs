namespace MfpClip.Backbones;

/// <summary>
/// Backbones that detectors load from files: one for all detectors of the process that load the same file in the same way, as long as one of them lives.
/// Backbones are immutable and serve concurrent callers, so nobody sees a difference but in memory and time.
/// </summary>
internal static class SharedBackbones
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<BackboneSource, Shared> Loaded = [];

    /// <summary>A handle on the backbone of a source, which is the caller's; the last that is disposed disposes the backbone.</summary>
    /// <param name="source">What is loaded, and how.</param>
    /// <param name="load">Loads it. Concurrent callers for one source wait for the first; a failure is told to all of them, and is not kept.</param>
    public static IVisionBackbone Get(BackboneSource source, Func<IVisionBackbone> load)
    {
        Shared? shared;
        lock (Gate)
        {
            if (!Loaded.TryGetValue(source, out shared))
            {
                Loaded.Add(source, shared = new(load));
            }

            shared.Handles++;
        }

        try
        {
            return shared.Backbone is IClipBackbone clip ? new ClipHandle(clip, () => Release(source, shared))
                : new VisionHandle(shared.Backbone, () => Release(source, shared));
        }
        catch
        {
            Release(source, shared);
            throw;
        }
    }

    private static void Release(BackboneSource source, Shared shared)
    {
        lock (Gate)
        {
            shared.Handles--;
            // A load that failed makes room for another try at once.
            if ((shared.Handles == 0 || !shared.IsLoaded) && Loaded.TryGetValue(source, out var known) && ReferenceEquals(known, shared))
            {
                Loaded.Remove(source);
            }

            if (shared.Handles > 0 || !shared.IsLoaded)
            {
                return;
            }
        }

        shared.Backbone.Dispose();
    }

    private sealed class Shared(Func<IVisionBackbone> load)
    {
        private readonly Lazy<IVisionBackbone> _backbone = new(load);

        public int Handles { get; set; }

        public bool IsLoaded => _backbone.IsValueCreated;

        public IVisionBackbone Backbone => _backbone.Value;
    }

    private sealed class ClipHandle(IClipBackbone backbone, Action release) : DelegatingClipBackbone(backbone)
    {
        private Action? _release = release;

        protected override void Dispose(bool disposing) => Interlocked.Exchange(ref _release, null)?.Invoke();
    }

    private sealed class VisionHandle(IVisionBackbone backbone, Action release) : IVisionBackbone
    {
        private Action? _release = release;

        public IVisionTower Vision => backbone.Vision;

        public (float[] Mean, float[] Std) Normalization => backbone.Normalization;

        public StageDescription Describe() => backbone.Describe();

        public object? GetService(Type serviceType) => serviceType.IsInstanceOfType(this) ? this : backbone.GetService(serviceType);

        public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
    }
}
