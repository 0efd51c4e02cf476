using MfpClip.Output;

namespace MfpClip.Cli.Detecting;

/// <summary>
/// Everything that a run writes. One output that cannot be written is an error of its own; the others are still made. Nothing is made before the first
/// photo that can be read.
/// </summary>
internal sealed class DetectionOutputs(ZeroShotDetector detector, DetectionOutputOptions options) : IDisposable
{
    private readonly OutputNames _names = new();
    private readonly Dictionary<string, string> _nameOf = new(StringComparer.Ordinal);
    private readonly OverviewSheet _sheet = new();
    private readonly List<(IResultWriter Writer, string Path)> _writers = [];
    private readonly List<string> _failures = [];
    private readonly List<DetectionOutcome> _waiting = [];
    private JsonResultFile? _json;
    private HtmlReport? _report;
    private readonly Lazy<bool> _marked = new(() => Mark(options.Folder));
    private bool _open;

    /// <summary>The page of all photos; <see langword="null"/> where none could be read, or it could not be written.</summary>
    public string? Report { get; private set; }

    /// <summary>Files of results that were written.</summary>
    public IReadOnlyList<string> Files { get; private set; } = [];

    /// <summary>Reports that could not be written, and why.</summary>
    public IReadOnlyList<string> Failures => _failures;

    /// <summary>Gives every photo the name of its outputs; before anything is written, so that names do not depend on which photo is ready first.</summary>
    public void Name(IEnumerable<string> files)
    {
        foreach (string file in files.Distinct(StringComparer.Ordinal))
        {
            _nameOf[file] = _names.Of(file);
        }
    }

    /// <summary>Writes the images of one photo; safe for several threads.</summary>
    /// <param name="image">The photo.</param>
    /// <param name="cancellationToken">Leaves out the page that zooms.</param>
    public DetectedImage Write(DetectedImage image, CancellationToken cancellationToken)
    {
        _ = _marked.Value;
        return new PhotoOutputs(detector, options).Write(image, _nameOf[image.File], cancellationToken);
    }

    /// <summary>Adds a photo to the reports; one after another.</summary>
    public void Add(DetectedImage image)
    {
        var outcome = image.Outcome!;
        if (!_open && outcome.Result is null)
        {
            _waiting.Add(outcome);
            return;
        }

        Open();
        Add(outcome);
        if (outcome.Result is { } result && image.Photo is { } photo)
        {
            var files = new ReportedFiles { Photo = image.File, Overlay = image.OverlayFile, HeatMap = image.HeatMapFile, Zoom = image.ZoomFile };
            var shown = result with { Notices = [.. result.Notices, .. image.Notices] };
            Guard(() => _report?.Add(shown, photo, options.Pictures, files), DropReport);
            if (image.Overlay is { } overlay)
            {
                _sheet.Add(result, photo, overlay);
            }
        }
    }

    /// <summary>Finishes the reports.</summary>
    /// <param name="notice">What readers must know of the run.</param>
    public void Complete(string? notice)
    {
        if (!_open)
        {
            return;
        }

        if (_json is not null)
        {
            _json.Notice = notice;
        }

        var files = new List<string>();
        foreach (var (writer, path) in _writers)
        {
            Guard(() =>
            {
                writer.Complete();
                files.Add(path);
            });
        }

        Files = files;
        Guard(() =>
        {
            _report?.Complete();
            Report = _report is null ? null : In("report.html");
        });
        Guard(() =>
        {
            if (_sheet.Draw(options.Pictures) is { } picture)
            {
                MapFiles.WritePng(In("overview.png"), picture);
            }
        });
    }

    public void Dispose()
    {
        _writers.ForEach(w => w.Writer.Dispose());
        _report?.Dispose();
    }

    private void Open()
    {
        if (_open)
        {
            return;
        }

        _open = true;
        Guard(() => _report = new(In("report.html"), detector.Description, options.Notice));
        Start("results.csv", path => new CsvResultFile(path));
        Start("results.json", path => _json = new(path, detector.Description));
        if (options.Exports.Contains(ExportFormat.Coco))
        {
            Start("coco.json", path => new CocoResultFile(path, options.ImageRoot));
        }

        if (options.Exports.Contains(ExportFormat.Labelme))
        {
            Start("labelme", path => new LabelmeFolder(path, image => _nameOf[image]));
        }

        _waiting.ForEach(Add);
        _waiting.Clear();
    }

    private void Start(string name, Func<string, IResultWriter> make) => Guard(() => _writers.Add((make(In(name)), In(name))));

    private void Add(DetectionOutcome outcome)
    {
        if (outcome.Error is { } error)
        {
            _report?.AddFailure(outcome.ImageName, error.Message);
        }

        foreach (var entry in _writers.ToList())
        {
            Guard(() => entry.Writer.Add(outcome), () =>
            {
                if (entry.Writer is not LabelmeFolder) // files of their own: the others can still be written
                {
                    _writers.Remove(entry);
                    entry.Writer.Dispose();
                }
            });
        }
    }

    private string In(string name) => Path.Combine(options.Folder, name);

    // Before the first output, so that a later search for photos leaves the folder out.
    private static bool Mark(string folder)
    {
        try
        {
            OwnOutputs.Mark(folder);
            return true;
        }
        catch (OutputException)
        {
            return false; // every output says it
        }
    }

    // What is half written says too little or too much.
    private void DropReport()
    {
        _report?.Dispose();
        _report = null;
    }

    private void Guard(Action action, Action? failed = null)
    {
        try
        {
            action();
        }
        catch (OutputException e)
        {
            _failures.Add(e.Message);
            failed?.Invoke();
        }
    }
}
