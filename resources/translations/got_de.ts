<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE">
<context>
    <name>Actions</name>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>&amp;Öffnen …</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>&amp;Zuletzt geöffnet</translation>
    </message>
    <message>
        <source>&amp;Paste as new picture</source>
        <translation>Als neues Bild &amp;einfügen</translation>
    </message>
    <message>
        <source>&amp;Save</source>
        <translation>&amp;Speichern</translation>
    </message>
    <message>
        <source>Save &amp;as…</source>
        <translation>Speichern &amp;unter …</translation>
    </message>
    <message>
        <source>&amp;Close window</source>
        <translation>Fenster s&amp;chließen</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Wiederholen</translation>
    </message>
    <message>
        <source>&amp;Picture</source>
        <translation>B&amp;ild</translation>
    </message>
    <message>
        <source>&amp;Plan</source>
        <translation>&amp;Planen</translation>
    </message>
    <message>
        <source>&amp;Apply</source>
        <translation>&amp;Anwenden</translation>
    </message>
    <message>
        <source>P&amp;lan and apply</source>
        <translation>P&amp;lanen und anwenden</translation>
    </message>
    <message>
        <source>&amp;Cancel</source>
        <translation>Ab&amp;brechen</translation>
    </message>
    <message>
        <source>&amp;Draw a box</source>
        <translation>Kasten &amp;zeichnen</translation>
    </message>
    <message>
        <source>Choose the a&amp;rea to edit</source>
        <translation>Bereich zum Bea&amp;rbeiten wählen</translation>
    </message>
    <message>
        <source>Edit the &amp;whole picture</source>
        <translation>&amp;Ganzes Bild bearbeiten</translation>
    </message>
    <message>
        <source>Show &amp;boxes</source>
        <translation>&amp;Kästen zeigen</translation>
    </message>
    <message>
        <source>Acc&amp;ept the result</source>
        <translation>Ergebnis ü&amp;bernehmen</translation>
    </message>
    <message>
        <source>D&amp;iscard the result</source>
        <translation>Ergebnis &amp;verwerfen</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Fit to window</source>
        <translation>Ein&amp;passen</translation>
    </message>
    <message>
        <source>&amp;100 %</source>
        <translation>&amp;100 %</translation>
    </message>
    <message>
        <source>Zoom &amp;in</source>
        <translation>Ver&amp;größern</translation>
    </message>
    <message>
        <source>Zoom &amp;out</source>
        <translation>Ver&amp;kleinern</translation>
    </message>
    <message>
        <source>&amp;Left panel</source>
        <translation>&amp;Linke Leiste</translation>
    </message>
    <message>
        <source>&amp;History</source>
        <translation>&amp;Verlauf</translation>
    </message>
    <message>
        <source>&amp;Right panel</source>
        <translation>&amp;Rechte Leiste</translation>
    </message>
    <message>
        <source>Go to {place}</source>
        <translation>Gehe zu: {place}</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>&amp;Keyboard shortcuts</source>
        <translation>&amp;Tastenkürzel</translation>
    </message>
    <message>
        <source>&amp;About got_desktop</source>
        <translation>Ü&amp;ber got_desktop</translation>
    </message>
</context>
<context>
    <name>Activity</name>
    <message>
        <source>{time} per step</source>
        <translation>{time} je Schritt</translation>
    </message>
    <message>
        <source>Waiting: {number} ahead</source>
        <translation>Wartet: {number} davor</translation>
    </message>
    <message>
        <source>Waiting for the engine</source>
        <translation>Wartet auf die Engine</translation>
    </message>
    <message>
        <source>Loading the model: {done} of {total}</source>
        <translation>Modell wird geladen: {done} von {total}</translation>
    </message>
    <message>
        <source>Loading the model</source>
        <translation>Modell wird geladen</translation>
    </message>
    <message>
        <source>Planning</source>
        <translation>Plant</translation>
    </message>
    <message>
        <source>Planning turn {turn}</source>
        <translation>Plant Schritt {turn}</translation>
    </message>
    <message>
        <source>Drawing: step {done} of {total}</source>
        <translation>Zeichnet: Schritt {done} von {total}</translation>
    </message>
    <message>
        <source>Drawing candidate {number} of {count}: step {done} of {total}</source>
        <translation>Zeichnet Vorschlag {number} von {count}: Schritt {done} von {total}</translation>
    </message>
    <message>
        <source>Sending the picture</source>
        <translation>Bild wird übergeben</translation>
    </message>
    <message>
        <source>Compositing the picture</source>
        <translation>Bild wird zusammengesetzt</translation>
    </message>
    <message>
        <source>Cancelling</source>
        <translation>Wird abgebrochen</translation>
    </message>
    <message>
        <source>{number} s left</source>
        <translation>noch {number} s</translation>
    </message>
    <message>
        <source>{number} min left</source>
        <translation>noch {number} min</translation>
    </message>
</context>
<context>
    <name>BoxLabel</name>
    <message>
        <source>What is in the box</source>
        <translation>Was im Kasten ist</translation>
    </message>
</context>
<context>
    <name>BoxPanel</name>
    <message>
        <source>Boxes</source>
        <translation>Kästen</translation>
    </message>
    <message>
        <source>Drag, or press Alt+Up or Alt+Down, to reorder. Colors follow the order.</source>
        <translation>Zum Umordnen ziehen oder Alt+Auf, Alt+Ab drücken. Die Farben folgen der Reihenfolge.</translation>
    </message>
    <message>
        <source>No boxes yet. Plan, or press R to draw one.</source>
        <translation>Noch keine Kästen. Planen Sie, oder zeichnen Sie einen mit R.</translation>
    </message>
    <message>
        <source>What is in the box</source>
        <translation>Was im Kasten ist</translation>
    </message>
    <message>
        <source>Role of the box</source>
        <translation>Rolle des Kastens</translation>
    </message>
    <message>
        <source>Reasoned about only</source>
        <translation>Nur bedacht</translation>
    </message>
    <message>
        <source>Edit region ({color})</source>
        <translation>Wird bearbeitet ({color})</translation>
    </message>
    <message>
        <source>Left</source>
        <translation>Links</translation>
    </message>
    <message>
        <source>Top</source>
        <translation>Oben</translation>
    </message>
    <message>
        <source>Width</source>
        <translation>Breite</translation>
    </message>
    <message>
        <source>Height</source>
        <translation>Höhe</translation>
    </message>
    <message>
        <source>Show in the picture</source>
        <translation>Im Bild zeigen</translation>
    </message>
    <message>
        <source>Lock (no dragging)</source>
        <translation>Sperren (kein Ziehen)</translation>
    </message>
    <message>
        <source>Duplicate (Ctrl+D)</source>
        <translation>Verdoppeln (Strg+D)</translation>
    </message>
    <message>
        <source>Delete (Del)</source>
        <translation>Löschen (Entf)</translation>
    </message>
    <message>
        <source>edit region</source>
        <translation>wird bearbeitet</translation>
    </message>
    <message>
        <source>reasoned about</source>
        <translation>nur bedacht</translation>
    </message>
    <message>
        <source>Rename box</source>
        <translation>Kasten benennen</translation>
    </message>
    <message>
        <source>Change the box&apos;s role</source>
        <translation>Rolle des Kastens ändern</translation>
    </message>
    <message>
        <source>Show, hide or lock box</source>
        <translation>Kasten zeigen, verbergen oder sperren</translation>
    </message>
</context>
<context>
    <name>Canvas</name>
    <message>
        <source>Picture and boxes</source>
        <translation>Bild und Kästen</translation>
    </message>
    <message>
        <source>Candidate {number}</source>
        <translation>Vorschlag {number}</translation>
    </message>
    <message>
        <source>the new object</source>
        <translation>das neue Objekt</translation>
    </message>
    <message>
        <source>Rename box</source>
        <translation>Kasten benennen</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>After</source>
        <translation>Nachher</translation>
    </message>
</context>
<context>
    <name>CanvasBar</name>
    <message>
        <source>Move boxes (Esc)</source>
        <translation>Kästen bewegen (Esc)</translation>
    </message>
    <message>
        <source>Draw a box (R)</source>
        <translation>Kasten zeichnen (R)</translation>
    </message>
    <message>
        <source>Choose the area to edit (S)</source>
        <translation>Bereich wählen, der bearbeitet wird (S)</translation>
    </message>
    <message>
        <source>Edit the whole picture again</source>
        <translation>Wieder das ganze Bild bearbeiten</translation>
    </message>
    <message>
        <source>Show boxes (Ctrl+B)</source>
        <translation>Kästen zeigen (Strg+B)</translation>
    </message>
    <message>
        <source>Zoom out (Ctrl+-)</source>
        <translation>Verkleinern (Strg+-)</translation>
    </message>
    <message>
        <source>Zoom in (Ctrl++)</source>
        <translation>Vergrößern (Strg++)</translation>
    </message>
    <message>
        <source>Fit to window (Ctrl+0)</source>
        <translation>Einpassen (Strg+0)</translation>
    </message>
</context>
<context>
    <name>ChainEditor</name>
    <message>
        <source>GoT chain</source>
        <translation>GoT-Kette</translation>
    </message>
    <message>
        <source>The plan appears here as it is written. Boxes are between ‹ and ›.</source>
        <translation>Hier erscheint der Plan, während er geschrieben wird. Kästen stehen zwischen ‹ und ›.</translation>
    </message>
    <message>
        <source>Edit text</source>
        <translation>Text bearbeiten</translation>
    </message>
</context>
<context>
    <name>DoctorPage</name>
    <message>
        <source>Doctor</source>
        <translation>Diagnose</translation>
    </message>
    <message>
        <source>Checks this computer and tells you what is wrong and how to fix it.</source>
        <translation>Prüft diesen Rechner und sagt Ihnen, was nicht stimmt und wie es sich beheben lässt.</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>Erneut prüfen</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>Bericht kopieren</translation>
    </message>
    <message>
        <source>This computer</source>
        <translation>Dieser Rechner</translation>
    </message>
    <message>
        <source>Checking…</source>
        <translation>Wird geprüft …</translation>
    </message>
    <message>
        <source>This takes a few seconds the first time.</source>
        <translation>Das dauert beim ersten Mal einige Sekunden.</translation>
    </message>
    <message>
        <source>Problems: {number}</source>
        <translation>Probleme: {number}</translation>
    </message>
    <message>
        <source>The engine is still starting. It is checked again automatically.</source>
        <translation>Die Engine startet noch. Sie wird automatisch erneut geprüft.</translation>
    </message>
    <message>
        <source>Everything required works. Hints: {number}</source>
        <translation>Alles Nötige funktioniert. Hinweise: {number}</translation>
    </message>
    <message>
        <source>Everything works</source>
        <translation>Alles funktioniert</translation>
    </message>
    <message>
        <source>OK</source>
        <translation>In Ordnung</translation>
    </message>
    <message>
        <source>Not known yet</source>
        <translation>Noch nicht bekannt</translation>
    </message>
    <message>
        <source>No answer yet. Starting the engine can take a while on a busy computer.</source>
        <translation>Noch keine Antwort. Auf einem ausgelasteten Rechner kann der Start der Engine eine Weile dauern.</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>Problem</translation>
    </message>
    <message>
        <source>Hint</source>
        <translation>Hinweis</translation>
    </message>
    <message>
        <source>Start the engine</source>
        <translation>Engine starten</translation>
    </message>
    <message>
        <source>Install the plug-in</source>
        <translation>Plug-in installieren</translation>
    </message>
    <message>
        <source>The plug-in is installed. Restart {host} if it is running.</source>
        <translation>Das Plug-in ist installiert. Starten Sie {host} neu, falls es läuft.</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>Programm</translation>
    </message>
    <message>
        <source>Packages</source>
        <translation>Pakete</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>Datenträger</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Krita plug-in</source>
        <translation>Plug-in für Krita</translation>
    </message>
    <message>
        <source>GIMP plug-in</source>
        <translation>Plug-in für GIMP</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>Engine</translation>
    </message>
    <message>
        <source>Devices</source>
        <translation>Geräte</translation>
    </message>
    <message>
        <source>The report was copied to the clipboard.</source>
        <translation>Der Bericht wurde in die Zwischenablage kopiert.</translation>
    </message>
</context>
<context>
    <name>Document</name>
    <message>
        <source>Untitled</source>
        <translation>Unbenannt</translation>
    </message>
</context>
<context>
    <name>DocumentFiles</name>
    <message>
        <source>Saved {name}.</source>
        <translation>{name} ist gespeichert.</translation>
    </message>
    <message>
        <source>The plan is not in it, as you chose in the settings.</source>
        <translation>Der Plan ist nicht enthalten, wie in den Einstellungen gewählt.</translation>
    </message>
    <message>
        <source>the layers with their masks</source>
        <translation>die Ebenen mit ihren Masken</translation>
    </message>
    <message>
        <source>the plan</source>
        <translation>der Plan</translation>
    </message>
    <message>
        <source>the area to edit</source>
        <translation>der Bereich zum Bearbeiten</translation>
    </message>
    <message>
        <source>the exact pixels</source>
        <translation>die genauen Pixel</translation>
    </message>
    <message>
        <source>Exported {name}. It does not contain: {parts}.</source>
        <translation>{name} wurde exportiert. Nicht enthalten: {parts}.</translation>
    </message>
    <message>
        <source>To keep everything, save as OpenRaster (.ora).</source>
        <translation>Um alles zu behalten, speichern Sie als OpenRaster (.ora).</translation>
    </message>
</context>
<context>
    <name>DrawingPanel</name>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Guidance and steps</source>
        <translation>Führung und Schritte</translation>
    </message>
    <message>
        <source>Lock the seed</source>
        <translation>Startwert festhalten</translation>
    </message>
    <message>
        <source>Next seed</source>
        <translation>Nächster Startwert</translation>
    </message>
    <message>
        <source>Random seed</source>
        <translation>Zufälliger Startwert</translation>
    </message>
    <message>
        <source>own</source>
        <translation>eigene</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Adapter weight</source>
        <translation>Gewicht des Adapters</translation>
    </message>
    <message>
        <source>Adapter</source>
        <translation>Adapter</translation>
    </message>
    <message>
        <source>Weight</source>
        <translation>Gewicht</translation>
    </message>
    <message>
        <source>Paper values</source>
        <translation>Wie im Artikel</translation>
    </message>
    <message>
        <source>The values that the authors of the method used</source>
        <translation>Die Werte, die die Autoren der Methode verwendet haben</translation>
    </message>
    <message>
        <source>Model defaults</source>
        <translation>Wie das Modell</translation>
    </message>
    <message>
        <source>The values that the model recommends</source>
        <translation>Die Werte, die das Modell empfiehlt</translation>
    </message>
    <message>
        <source>Each run uses a new seed</source>
        <translation>Jeder Lauf verwendet einen neuen Startwert</translation>
    </message>
    <message>
        <source>Each run uses the same seed</source>
        <translation>Jeder Lauf verwendet denselben Startwert</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keiner</translation>
    </message>
</context>
<context>
    <name>EarlierJobs</name>
    <message>
        <source>These candidates are no longer stored.</source>
        <translation>Diese Vorschläge sind nicht mehr gespeichert.</translation>
    </message>
    <message>
        <source>Draw them again: the history has the plan, the settings and the seed.</source>
        <translation>Zeichnen Sie sie neu: Der Verlauf hat den Plan, die Einstellungen und den Startwert.</translation>
    </message>
</context>
<context>
    <name>Editor</name>
    <message>
        <source>Plan again</source>
        <translation>Neu planen</translation>
    </message>
    <message>
        <source>The plan contains boxes that you drew.</source>
        <translation>Der Plan enthält Kästen, die Sie gezeichnet haben.</translation>
    </message>
    <message>
        <source>Planning again replaces the plan. Undo restores the current one.</source>
        <translation>Neu zu planen ersetzt den Plan. „Rückgängig“ stellt den jetzigen wieder her.</translation>
    </message>
    <message>
        <source>Keep my boxes</source>
        <translation>Meine Kästen behalten</translation>
    </message>
    <message>
        <source>Replace all</source>
        <translation>Alles ersetzen</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <source>The plan is for “{words}”.</source>
        <translation>Der Plan gilt „{words}“.</translation>
    </message>
    <message>
        <source>Draw this plan, or plan again for “{words}”?</source>
        <translation>Diesen Plan zeichnen oder für „{words}“ neu planen?</translation>
    </message>
    <message>
        <source>Draw this plan anyway?</source>
        <translation>Diesen Plan trotzdem zeichnen?</translation>
    </message>
    <message>
        <source>&amp;Draw this plan</source>
        <translation>Diesen Plan &amp;zeichnen</translation>
    </message>
    <message>
        <source>Part of the plan has no effect as written.</source>
        <translation>Ein Teil des Plans hat so keine Wirkung.</translation>
    </message>
    <message>
        <source>Apply anyway</source>
        <translation>Trotzdem anwenden</translation>
    </message>
    <message>
        <source>Show problem</source>
        <translation>Problem zeigen</translation>
    </message>
</context>
<context>
    <name>Files</name>
    <message>
        <source>Open a picture</source>
        <translation>Bild öffnen</translation>
    </message>
    <message>
        <source>Pictures ({endings})</source>
        <translation>Bilder ({endings})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Only {name} is opened; the window shows one picture at a time.</source>
        <translation>Nur {name} wird geöffnet; das Fenster zeigt ein Bild auf einmal.</translation>
    </message>
    <message>
        <source>Not opened: {names}.</source>
        <translation>Nicht geöffnet: {names}.</translation>
    </message>
    <message>
        <source>There is no picture on the clipboard.</source>
        <translation>In der Zwischenablage ist kein Bild.</translation>
    </message>
    <message>
        <source>Copy a picture, or open a file.</source>
        <translation>Kopieren Sie ein Bild, oder öffnen Sie eine Datei.</translation>
    </message>
    <message>
        <source>“{name}” has no unsaved changes.</source>
        <translation>„{name}“ hat keine ungespeicherten Änderungen.</translation>
    </message>
    <message>
        <source>Save as</source>
        <translation>Speichern unter</translation>
    </message>
    <message>
        <source>OpenRaster, with layers (*.ora)</source>
        <translation>OpenRaster, mit Ebenen (*.ora)</translation>
    </message>
    <message>
        <source>{format}, without layers (*{ending})</source>
        <translation>{format}, ohne Ebenen (*{ending})</translation>
    </message>
    <message>
        <source>Untitled</source>
        <translation>Unbenannt</translation>
    </message>
    <message>
        <source>Unsaved changes</source>
        <translation>Nicht gespeicherte Änderungen</translation>
    </message>
    <message>
        <source>Results not accepted</source>
        <translation>Ergebnisse nicht übernommen</translation>
    </message>
    <message>
        <source>Job running</source>
        <translation>Auftrag läuft</translation>
    </message>
    <message>
        <source>“{name}” has results that you have not accepted.</source>
        <translation>„{name}“ hat Ergebnisse, die Sie nicht übernommen haben.</translation>
    </message>
    <message>
        <source>A job for “{name}” is still running.</source>
        <translation>Für „{name}“ läuft noch ein Auftrag.</translation>
    </message>
    <message>
        <source>The history keeps everything needed to draw them again.</source>
        <translation>Der Verlauf behält alles, was nötig ist, um sie noch einmal zu zeichnen.</translation>
    </message>
    <message>
        <source>Discard results</source>
        <translation>Ergebnisse verwerfen</translation>
    </message>
    <message>
        <source>Cancel the job</source>
        <translation>Auftrag abbrechen</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>The running job is cancelled.</source>
        <translation>Der laufende Auftrag wird abgebrochen.</translation>
    </message>
    <message>
        <source>Results that you have not accepted are discarded.</source>
        <translation>Ergebnisse, die Sie nicht übernommen haben, werden verworfen.</translation>
    </message>
    <message>
        <source>“{name}” has unsaved changes.</source>
        <translation>„{name}“ enthält nicht gespeicherte Änderungen.</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Don&apos;t save</source>
        <translation>Nicht speichern</translation>
    </message>
</context>
<context>
    <name>FormCard</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Open the TOML file</source>
        <translation>TOML-Datei öffnen</translation>
    </message>
    <message>
        <source>Base model</source>
        <translation>Grundmodell</translation>
    </message>
    <message>
        <source>The model that the adapter is trained for.</source>
        <translation>Das Modell, für das der Adapter trainiert wird.</translation>
    </message>
    <message>
        <source>Steps</source>
        <translation>Schritte</translation>
    </message>
    <message>
        <source>Each step trains on one batch of pairs.</source>
        <translation>Jeder Schritt trainiert mit einem Stapel von Paaren.</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>About 0.005 for got-mini, 0.00005 for GoT-6B.</source>
        <translation>Etwa 0,005 für got-mini, 0,00005 für GoT-6B.</translation>
    </message>
    <message>
        <source>Batch size</source>
        <translation>Stapelgröße</translation>
    </message>
    <message>
        <source>Larger batches make training steadier but slower.</source>
        <translation>Größere Stapel machen das Training gleichmäßiger, aber langsamer.</translation>
    </message>
    <message>
        <source>Micro-batch size</source>
        <translation>Größe der Teilstapel</translation>
    </message>
    <message>
        <source>Smaller values use less memory. The batch size must be a multiple of it.</source>
        <translation>Kleinere Werte brauchen weniger Speicher. Die Stapelgröße muss ein Vielfaches davon sein.</translation>
    </message>
    <message>
        <source>Rank</source>
        <translation>Rang</translation>
    </message>
    <message>
        <source>How much the adapter can learn.</source>
        <translation>Wie viel der Adapter lernen kann.</translation>
    </message>
    <message>
        <source>Tune the planner</source>
        <translation>Planer anpassen</translation>
    </message>
    <message>
        <source>Tune the UNet</source>
        <translation>UNet anpassen</translation>
    </message>
    <message>
        <source>Tune the projectors</source>
        <translation>Projektoren anpassen</translation>
    </message>
    <message>
        <source>Held-out share</source>
        <translation>Zurückgehaltener Anteil</translation>
    </message>
    <message>
        <source>Share of the pairs that is kept out of training to measure progress. 0 trains on all pairs.</source>
        <translation>Anteil der Paare, die nicht zum Training, sondern zum Messen des Fortschritts dienen. 0 trainiert mit allen Paaren.</translation>
    </message>
    <message>
        <source>Steps between samples</source>
        <translation>Schritte zwischen Proben</translation>
    </message>
    <message>
        <source>How often the held-out pairs are rendered.</source>
        <translation>Wie oft zurückgehaltene Paare gezeichnet werden.</translation>
    </message>
    <message>
        <source>License of the pairs</source>
        <translation>Lizenz der Paare</translation>
    </message>
    <message>
        <source>Stored in the adapter.</source>
        <translation>Wird im Adapter gespeichert.</translation>
    </message>
    <message>
        <source>All other settings</source>
        <translation>Alle anderen Einstellungen</translation>
    </message>
    <message>
        <source>The file cannot be read. Open it and fix it.</source>
        <translation>Die Datei lässt sich nicht lesen. Öffnen und berichtigen Sie sie.</translation>
    </message>
    <message>
        <source>Each setting is explained in the file.</source>
        <translation>Jede Einstellung ist in der Datei erklärt.</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>The device that the training runs on.</source>
        <translation>Das Gerät, auf dem das Training läuft.</translation>
    </message>
    <message>
        <source>Yes</source>
        <translation>Ja</translation>
    </message>
    <message>
        <source>No</source>
        <translation>Nein</translation>
    </message>
</context>
<context>
    <name>GetCard</name>
    <message>
        <source>Get GoT-6B</source>
        <translation>GoT-6B holen</translation>
    </message>
    <message>
        <source>The model from the paper. It edits photographs, draws at 1024×1024 and needs a GPU with a lot of memory. The included model, got-mini, knows only picture-book scenes.</source>
        <translation>Das Modell aus der Veröffentlichung. Es bearbeitet Fotos, zeichnet mit 1024×1024 und braucht eine GPU mit viel Speicher. Das mitgelieferte Modell got-mini kennt nur Bilderbuchszenen.</translation>
    </message>
    <message>
        <source>Show sizes and licenses</source>
        <translation>Größen und Lizenzen zeigen</translation>
    </message>
    <message>
        <source>Import a folder…</source>
        <translation>Ordner importieren …</translation>
    </message>
    <message>
        <source>For a model that is already on this computer</source>
        <translation>Für ein Modell, das schon auf diesem Rechner ist</translation>
    </message>
    <message>
        <source>Resume the download</source>
        <translation>Herunterladen fortsetzen</translation>
    </message>
    <message>
        <source>Download and import</source>
        <translation>Herunterladen und importieren</translation>
    </message>
    <message>
        <source>The model needs {needed} of disk space, but only {free} is free. Free some space first.</source>
        <translation>Das Modell braucht {needed} auf dem Datenträger, aber nur {free} sind frei. Bitte zuerst Platz schaffen.</translation>
    </message>
    <message>
        <source>Delete the partial download</source>
        <translation>Unvollständigen Download löschen</translation>
    </message>
    <message>
        <source>{here} of {size} downloaded, {left} left.</source>
        <translation>{here} von {size} heruntergeladen, {left} fehlen noch.</translation>
    </message>
    <message>
        <source>The download is {size}.</source>
        <translation>Der Download ist {size} groß.</translation>
    </message>
    <message>
        <source>Each file is checked against the hash that its publisher lists. Importing the model then takes the same amount of disk space again; the downloaded files are deleted afterward.</source>
        <translation>Jede Datei wird mit der Prüfsumme verglichen, die ihr Herausgeber nennt. Das Importieren braucht dann noch einmal so viel Platz; danach werden die heruntergeladenen Dateien gelöscht.</translation>
    </message>
    <message>
        <source>The publisher gives no terms other than the name of the license.</source>
        <translation>Der Herausgeber nennt außer dem Namen der Lizenz keine Bedingungen.</translation>
    </message>
    <message>
        <source>Terms of {name}</source>
        <translation>Bedingungen von {name}</translation>
    </message>
    <message>
        <source>I accept these terms</source>
        <translation>Ich nehme diese Bedingungen an</translation>
    </message>
    <message>
        <source>I accept the terms of {name}</source>
        <translation>Ich nehme die Bedingungen von {name} an</translation>
    </message>
    <message>
        <source>license: see the terms</source>
        <translation>Lizenz: siehe Bedingungen</translation>
    </message>
    <message>
        <source>Show the terms of {name}</source>
        <translation>Bedingungen von {name} zeigen</translation>
    </message>
    <message>
        <source>Accept the terms of all three first</source>
        <translation>Bitte zuerst alle drei Bedingungen annehmen</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Downloaded files are kept</source>
        <translation>Heruntergeladene Dateien bleiben erhalten</translation>
    </message>
    <message>
        <source>Checking…</source>
        <translation>Wird geprüft …</translation>
    </message>
    <message>
        <source>Downloading: {done} of {total}</source>
        <translation>Herunterladen: {done} von {total}</translation>
    </message>
    <message>
        <source>, {speed}/s, {minutes} min left</source>
        <translation>, {speed}/s, noch {minutes} min</translation>
    </message>
    <message>
        <source>Checking the hash: {done} of {total}</source>
        <translation>Prüfsumme wird verglichen: {done} von {total}</translation>
    </message>
    <message>
        <source>Importing: file {done} of {total}</source>
        <translation>Importieren: Datei {done} von {total}</translation>
    </message>
    <message>
        <source>Importing: reading the weights</source>
        <translation>Importieren: Gewichte werden gelesen</translation>
    </message>
    <message>
        <source>Importing: writing part {done} of {total}</source>
        <translation>Importieren: Teil {done} von {total} wird geschrieben</translation>
    </message>
</context>
<context>
    <name>Help</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Edit pictures by instruction, with a written plan and red boxes that you can correct.</source>
        <translation>Bilder nach Anweisung bearbeiten, mit einem geschriebenen Plan und roten Kästen, die Sie berichtigen können.</translation>
    </message>
    <message>
        <source>About got_desktop</source>
        <translation>Über got_desktop</translation>
    </message>
</context>
<context>
    <name>HistoryStrip</name>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Search the history</source>
        <translation>Verlauf durchsuchen</translation>
    </message>
    <message>
        <source>Starred only</source>
        <translation>Nur mit Stern</translation>
    </message>
    <message>
        <source>Reuse these settings</source>
        <translation>Diese Einstellungen wiederverwenden</translation>
    </message>
    <message>
        <source>Star</source>
        <translation>Stern</translation>
    </message>
    <message>
        <source>Delete from the history</source>
        <translation>Aus dem Verlauf löschen</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Every edit is kept here, with everything needed to repeat it.</source>
        <translation>Hier bleibt jede Bearbeitung, mit allem, was man für eine Wiederholung braucht.</translation>
    </message>
    <message>
        <source>Reuse these settings and the plan</source>
        <translation>Diese Einstellungen und den Plan wiederverwenden</translation>
    </message>
    <message>
        <source>Show the candidates again</source>
        <translation>Die Vorschläge wieder zeigen</translation>
    </message>
</context>
<context>
    <name>InstructionPanel</name>
    <message>
        <source>What to create</source>
        <translation>Was entstehen soll</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>New picture</source>
        <translation>Neues Bild</translation>
    </message>
    <message>
        <source>Instruction</source>
        <translation>Anweisung</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Planen</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <source>Plan &amp;&amp; apply</source>
        <translation>Planen &amp;&amp; anwenden</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Cancel (Esc)</source>
        <translation>Abbrechen (Esc)</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>Save as preset</source>
        <translation>Als Vorlage speichern</translation>
    </message>
    <message>
        <source>Delete preset</source>
        <translation>Vorlage löschen</translation>
    </message>
    <message>
        <source>&amp;Instruction</source>
        <translation>A&amp;nweisung</translation>
    </message>
    <message>
        <source>&amp;Caption</source>
        <translation>Bild&amp;beschreibung</translation>
    </message>
    <message>
        <source>What should the picture show?</source>
        <translation>Was soll das Bild zeigen?</translation>
    </message>
    <message>
        <source>What should change? For example: make the boat yellow</source>
        <translation>Was soll sich ändern? Zum Beispiel: make the boat yellow</translation>
    </message>
    <message>
        <source>Choose a preset…</source>
        <translation>Vorlage wählen …</translation>
    </message>
    <message>
        <source>Plan again</source>
        <translation>Neu planen</translation>
    </message>
    <message>
        <source>Drawn at {width}×{height}.</source>
        <translation>Gezeichnet mit {width}×{height}.</translation>
    </message>
    <message>
        <source>Drawn at {side}×{side}, pasted at {width}×{height}. Unedited areas stay unchanged.</source>
        <translation>Gezeichnet mit {side}×{side}, eingefügt mit {width}×{height}. Unbearbeitetes bleibt unverändert.</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
</context>
<context>
    <name>Keys</name>
    <message>
        <source>Draw a box</source>
        <translation>Kasten zeichnen</translation>
    </message>
    <message>
        <source>Choose the area to edit</source>
        <translation>Bereich zum Bearbeiten wählen</translation>
    </message>
    <message>
        <source>Move the selected box by 1 px, 10 px</source>
        <translation>Kasten 1 px, 10 px bewegen</translation>
    </message>
    <message>
        <source>arrows, Shift+arrows</source>
        <translation>Pfeile, Umschalt+Pfeile</translation>
    </message>
    <message>
        <source>Resize the selected box</source>
        <translation>Kastengröße ändern</translation>
    </message>
    <message>
        <source>Ctrl+arrows</source>
        <translation>Strg+Pfeile</translation>
    </message>
    <message>
        <source>Next, previous box</source>
        <translation>Nächster, voriger Kasten</translation>
    </message>
    <message>
        <source>Rename, delete, duplicate it</source>
        <translation>Benennen, löschen, kopieren</translation>
    </message>
    <message>
        <source>Move the box up, down the list</source>
        <translation>In der Liste nach oben, unten</translation>
    </message>
    <message>
        <source>Alt+Up, Alt+Down</source>
        <translation>Alt+Auf, Alt+Ab</translation>
    </message>
    <message>
        <source>Show the original</source>
        <translation>Original zeigen</translation>
    </message>
    <message>
        <source>hold Space</source>
        <translation>Leertaste halten</translation>
    </message>
    <message>
        <source>Choose a candidate, accept it</source>
        <translation>Vorschlag wählen, übernehmen</translation>
    </message>
    <message>
        <source>Move the before/after divider</source>
        <translation>Vergleichslinie verschieben</translation>
    </message>
    <message>
        <source>Left, Right</source>
        <translation>Links, Rechts</translation>
    </message>
</context>
<context>
    <name>LayerPanel</name>
    <message>
        <source>Layers</source>
        <translation>Ebenen</translation>
    </message>
    <message>
        <source>Opacity</source>
        <translation>Deckkraft</translation>
    </message>
    <message>
        <source>Turn mask on or off</source>
        <translation>Maske ein- oder ausschalten</translation>
    </message>
    <message>
        <source>Choose another candidate for this layer</source>
        <translation>Einen anderen Vorschlag für diese Ebene wählen</translation>
    </message>
    <message>
        <source>Raise layer</source>
        <translation>Ebene anheben</translation>
    </message>
    <message>
        <source>Lower layer</source>
        <translation>Ebene absenken</translation>
    </message>
    <message>
        <source>Merge with the layer below</source>
        <translation>Mit der Ebene darunter vereinen</translation>
    </message>
    <message>
        <source>Delete layer</source>
        <translation>Ebene löschen</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Ausgangsbild</translation>
    </message>
    <message>
        <source>Select the check box to show the layer. Press F2 or double-click to rename it.</source>
        <translation>Das Häkchen zeigt die Ebene. F2 oder Doppelklick benennt sie um.</translation>
    </message>
    <message>
        <source>Show or hide layer</source>
        <translation>Ebene zeigen oder verbergen</translation>
    </message>
    <message>
        <source>Rename layer</source>
        <translation>Ebene umbenennen</translation>
    </message>
    <message>
        <source>Move layer</source>
        <translation>Ebene verschieben</translation>
    </message>
</context>
<context>
    <name>LossCurve</name>
    <message>
        <source>step {step}: {value}</source>
        <translation>Schritt {step}: {value}</translation>
    </message>
    <message>
        <source>starts with the first step</source>
        <translation>beginnt mit dem ersten Schritt</translation>
    </message>
</context>
<context>
    <name>MessageBar</name>
    <message>
        <source>Messages</source>
        <translation>Meldungen</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Models plan and draw. A model is loaded on first use and stays in memory for a while.</source>
        <translation>Modelle planen und zeichnen. Ein Modell wird beim ersten Gebrauch geladen und bleibt eine Weile im Speicher.</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation>Auf diesem Rechner</translation>
    </message>
    <message>
        <source>Adapters</source>
        <translation>Adapter</translation>
    </message>
    <message>
        <source>Choose a model folder</source>
        <translation>Modellordner wählen</translation>
    </message>
    <message>
        <source>{name} is ready to use.</source>
        <translation>{name} kann benutzt werden.</translation>
    </message>
    <message>
        <source>Asking the engine for its models…</source>
        <translation>Die Engine wird nach ihren Modellen gefragt …</translation>
    </message>
    <message>
        <source>draws at {side}×{side}</source>
        <translation>zeichnet mit {side}×{side}</translation>
    </message>
    <message>
        <source>got.json cannot be read: import or download the model again</source>
        <translation>got.json ist nicht lesbar: bitte das Modell neu importieren oder herunterladen</translation>
    </message>
    <message>
        <source>in memory</source>
        <translation>im Speicher</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>Entladen</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>In Gebrauch</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>Benutzen</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Damaged</source>
        <translation>Beschädigt</translation>
    </message>
    <message>
        <source>for {model}</source>
        <translation>für {model}</translation>
    </message>
    <message>
        <source>Stop using</source>
        <translation>Nicht mehr benutzen</translation>
    </message>
    <message>
        <source>Adapter</source>
        <translation>Adapter</translation>
    </message>
    <message>
        <source>None yet. An adapter changes how a model draws. The trainer saves adapters in {folder}.</source>
        <translation>Noch keiner. Ein Adapter ändert, wie ein Modell zeichnet. Der Trainer speichert Adapter in {folder}.</translation>
    </message>
    <message>
        <source>No adapter</source>
        <translation>Kein Adapter</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>Plug-ins</source>
        <translation>Plug-ins</translation>
    </message>
    <message>
        <source>Doctor</source>
        <translation>Diagnose</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
</context>
<context>
    <name>PairsCard</name>
    <message>
        <source>Pairs</source>
        <translation>Paare</translation>
    </message>
    <message>
        <source>Pairs with their boxes</source>
        <translation>Paare mit ihren Kästen</translation>
    </message>
    <message>
        <source>Correct boxes and text…</source>
        <translation>Kästen und Text berichtigen …</translation>
    </message>
    <message>
        <source>Reading the pairs: {number} so far…</source>
        <translation>Die Paare werden gelesen: bisher {number} …</translation>
    </message>
    <message>
        <source>Read the pairs again</source>
        <translation>Paare noch einmal lesen</translation>
    </message>
    <message>
        <source>Not all pairs were read: {why}</source>
        <translation>Nicht alle Paare wurden gelesen: {why}</translation>
    </message>
    <message>
        <source>Open the full report</source>
        <translation>Ganzen Bericht öffnen</translation>
    </message>
    <message>
        <source>{number} pairs to train on</source>
        <translation>{number} Paare zum Trainieren</translation>
    </message>
    <message>
        <source>Skipped or questionable pairs</source>
        <translation>Ausgelassene oder fragliche Paare</translation>
    </message>
    <message>
        <source>before without after, or after without before</source>
        <translation>Vorher ohne Nachher oder Nachher ohne Vorher</translation>
    </message>
    <message>
        <source>cannot be read</source>
        <translation>nicht lesbar</translation>
    </message>
    <message>
        <source>row with a missing field</source>
        <translation>Zeile, in der ein Feld fehlt</translation>
    </message>
    <message>
        <source>before and after differ in shape</source>
        <translation>Vorher und Nachher von verschiedener Form</translation>
    </message>
    <message>
        <source>chain with a broken part</source>
        <translation>Kette mit einem fehlerhaften Teil</translation>
    </message>
    <message>
        <source>box that extends beyond the picture</source>
        <translation>Kasten, der über das Bild hinausreicht</translation>
    </message>
    <message>
        <source>no instruction</source>
        <translation>ohne Anweisung</translation>
    </message>
    <message>
        <source>duplicate</source>
        <translation>doppelt vorhanden</translation>
    </message>
    <message>
        <source>the model&apos;s answer could not be used</source>
        <translation>die Antwort des Modells war nicht zu gebrauchen</translation>
    </message>
    <message>
        <source>no difference between before and after</source>
        <translation>kein Unterschied zwischen Vorher und Nachher</translation>
    </message>
</context>
<context>
    <name>PlanPanel</name>
    <message>
        <source>Turn of the plan</source>
        <translation>Schritt des Plans</translation>
    </message>
    <message>
        <source>Run to here</source>
        <translation>Bis hierher</translation>
    </message>
    <message>
        <source>Branch from here: removes the turns after this one</source>
        <translation>Hier abzweigen: entfernt die Schritte nach diesem</translation>
    </message>
    <message>
        <source>Put these words into the instruction</source>
        <translation>Diese Worte in die Anweisung übernehmen</translation>
    </message>
    <message>
        <source>Draw a box (R)</source>
        <translation>Kasten zeichnen (R)</translation>
    </message>
    <message>
        <source>What the model understood</source>
        <translation>Was das Modell verstanden hat</translation>
    </message>
    <message>
        <source>Boxes</source>
        <translation>Kästen</translation>
    </message>
    <message>
        <source>Turn {number} of {count}</source>
        <translation>Schritt {number} von {count}</translation>
    </message>
    <message>
        <source>This plan is for “{words}”.</source>
        <translation>Dieser Plan gilt „{words}“.</translation>
    </message>
    <message>
        <source>Branch</source>
        <translation>Abzweigen</translation>
    </message>
</context>
<context>
    <name>PluginsPage</name>
    <message>
        <source>Plug-ins</source>
        <translation>Plug-ins</translation>
    </message>
    <message>
        <source>Plan, review and apply inside Krita and GIMP 3, with the same engine and the same models.</source>
        <translation>Planen, prüfen und anwenden in Krita und GIMP 3, mit derselben Engine und denselben Modellen.</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>Wird gesucht …</translation>
    </message>
    <message>
        <source>Installed</source>
        <translation>Installiert</translation>
    </message>
    <message>
        <source>An older version is installed</source>
        <translation>Eine ältere Fassung ist installiert</translation>
    </message>
    <message>
        <source>Not installed</source>
        <translation>Nicht installiert</translation>
    </message>
    <message>
        <source>Another plug-in is installed in its place</source>
        <translation>An seiner Stelle ist ein anderes Plug-in installiert</translation>
    </message>
    <message>
        <source>Install</source>
        <translation>Installieren</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>Erneut prüfen</translation>
    </message>
    <message>
        <source>It was not installed by got_desktop and is left unchanged. Move it away first.</source>
        <translation>got_desktop hat es nicht installiert und lässt es unverändert. Bitte zuerst wegräumen.</translation>
    </message>
    <message>
        <source>Switch it on in Krita: Settings ▸ Configure Krita ▸ Python Plugin Manager ▸ GoT.</source>
        <translation>Schalten Sie es in Krita ein: Einstellungen ▸ Krita einrichten ▸ Python-Modulverwaltung ▸ GoT.</translation>
    </message>
    <message>
        <source>{kind} isolates {host} from other programs, so it may not reach the engine.</source>
        <translation>{kind} trennt {host} von anderen Programmen; die Engine ist dann vielleicht nicht erreichbar.</translation>
    </message>
    <message>
        <source>Choose its folder…</source>
        <translation>Ordner wählen …</translation>
    </message>
    <message>
        <source>Install it and start it once, or choose its resource folder.</source>
        <translation>Installieren Sie es und starten Sie es einmal, oder wählen Sie den Ressourcenordner.</translation>
    </message>
    <message>
        <source>Install GIMP 3 and start it once, or choose its plug-ins folder.</source>
        <translation>Installieren Sie GIMP 3 und starten Sie es einmal, oder wählen Sie den Ordner plug-ins.</translation>
    </message>
    <message>
        <source>Not found</source>
        <translation>Nicht gefunden</translation>
    </message>
    <message>
        <source>Folder of {host}</source>
        <translation>Ordner von {host}</translation>
    </message>
    <message>
        <source>The plug-in is installed. Restart {host} if it is running.</source>
        <translation>Das Plug-in ist installiert. Starten Sie {host} neu, falls es läuft.</translation>
    </message>
    <message>
        <source>The plug-in was removed from {host}.</source>
        <translation>Das Plug-in wurde aus {host} entfernt.</translation>
    </message>
</context>
<context>
    <name>ProgressCard</name>
    <message>
        <source>Progress</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>Stand</translation>
    </message>
    <message>
        <source>Completed steps</source>
        <translation>Erledigte Schritte</translation>
    </message>
    <message>
        <source>Chain loss</source>
        <translation>Verlust der Kette</translation>
    </message>
    <message>
        <source>Picture loss</source>
        <translation>Verlust des Bildes</translation>
    </message>
    <message>
        <source>Samples: plan, result, target</source>
        <translation>Proben: Plan, Ergebnis, Vorlage</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>Saves a checkpoint and stops. You can resume it later.</source>
        <translation>Speichert einen Zwischenstand und endet. Sie können es später fortsetzen.</translation>
    </message>
    <message>
        <source>Try this adapter now</source>
        <translation>Diesen Adapter jetzt ausprobieren</translation>
    </message>
    <message>
        <source>Pausing after this step…</source>
        <translation>Hält nach diesem Schritt an …</translation>
    </message>
    <message>
        <source>Saving and stopping…</source>
        <translation>Speichert und endet …</translation>
    </message>
    <message>
        <source>Not started yet. Before the first step, the trainer checks that the training fits this computer.</source>
        <translation>Noch nicht gestartet. Vor dem ersten Schritt prüft der Trainer, ob das Training auf diesen Rechner passt.</translation>
    </message>
    <message>
        <source>Starting the trainer…</source>
        <translation>Der Trainer startet …</translation>
    </message>
    <message>
        <source>Loading the model…</source>
        <translation>Das Modell wird geladen …</translation>
    </message>
    <message>
        <source>Preparing pictures: {done} of {total}</source>
        <translation>Bilder werden vorbereitet: {done} von {total}</translation>
    </message>
    <message>
        <source>Checking that the training fits this computer…</source>
        <translation>Es wird geprüft, ob das Training auf diesen Rechner passt …</translation>
    </message>
    <message>
        <source>Step {step} of {steps}</source>
        <translation>Schritt {step} von {steps}</translation>
    </message>
    <message>
        <source>Paused at step {step} of {steps}. It still uses memory.</source>
        <translation>Angehalten bei Schritt {step} von {steps}. Der Speicher bleibt belegt.</translation>
    </message>
    <message>
        <source>Stopped at step {step} of {steps}</source>
        <translation>Beendet bei Schritt {step} von {steps}</translation>
    </message>
    <message>
        <source>Failed at step {step} of {steps}</source>
        <translation>Fehlgeschlagen bei Schritt {step} von {steps}</translation>
    </message>
    <message>
        <source>Interrupted at step {step} of {steps}</source>
        <translation>Unterbrochen bei Schritt {step} von {steps}</translation>
    </message>
    <message>
        <source>All {steps} steps are done. The adapter is available in the app.</source>
        <translation>Alle {steps} Schritte sind getan. Der Adapter steht in der App bereit.</translation>
    </message>
    <message>
        <source>{used} of {total} memory</source>
        <translation>{used} von {total} Speicher</translation>
    </message>
    <message>
        <source>{used} memory</source>
        <translation>{used} Speicher</translation>
    </message>
    <message>
        <source>{seconds} s left</source>
        <translation>noch {seconds} s</translation>
    </message>
    <message>
        <source>{minutes} min left</source>
        <translation>noch {minutes} min</translation>
    </message>
    <message>
        <source>{hours} h left</source>
        <translation>noch {hours} h</translation>
    </message>
    <message>
        <source>readable plans</source>
        <translation>lesbare Pläne</translation>
    </message>
    <message>
        <source>box overlap</source>
        <translation>Überdeckung der Kästen</translation>
    </message>
    <message>
        <source>box distance</source>
        <translation>Abstand der Kästen</translation>
    </message>
    <message>
        <source>PSNR outside the boxes (dB)</source>
        <translation>PSNR außerhalb der Kästen (dB)</translation>
    </message>
    <message>
        <source>Held-out pairs: {figures}</source>
        <translation>Zurückgehaltene Paare: {figures}</translation>
    </message>
    <message>
        <source>step {step}</source>
        <translation>Schritt {step}</translation>
    </message>
    <message>
        <source>before</source>
        <translation>vorher</translation>
    </message>
</context>
<context>
    <name>Review</name>
    <message>
        <source>Choose the area to edit</source>
        <translation>Bereich zum Bearbeiten wählen</translation>
    </message>
    <message>
        <source>Draw box</source>
        <translation>Kasten zeichnen</translation>
    </message>
    <message>
        <source>Move box</source>
        <translation>Kasten bewegen</translation>
    </message>
    <message>
        <source>Reorder boxes</source>
        <translation>Kästen umordnen</translation>
    </message>
    <message>
        <source>Delete box</source>
        <translation>Kasten löschen</translation>
    </message>
    <message>
        <source>Duplicate box</source>
        <translation>Kasten verdoppeln</translation>
    </message>
</context>
<context>
    <name>ReviewBar</name>
    <message>
        <source>Results</source>
        <translation>Ergebnisse</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>Zeigen</translation>
    </message>
    <message>
        <source>All</source>
        <translation>Alle</translation>
    </message>
    <message>
        <source>After</source>
        <translation>Nachher</translation>
    </message>
    <message>
        <source>Before</source>
        <translation>Vorher</translation>
    </message>
    <message>
        <source>Slider</source>
        <translation>Regler</translation>
    </message>
    <message>
        <source>Heat map</source>
        <translation>Wärmebild</translation>
    </message>
    <message>
        <source>All candidates side by side</source>
        <translation>Alle Vorschläge nebeneinander</translation>
    </message>
    <message>
        <source>Reuse this seed</source>
        <translation>Diesen Startwert wiederverwenden</translation>
    </message>
    <message>
        <source>Accept as layer</source>
        <translation>Als Ebene übernehmen</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Eingabetaste</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Candidate {number}</source>
        <translation>Vorschlag {number}</translation>
    </message>
    <message>
        <source>seed {seed}</source>
        <translation>Startwert {seed}</translation>
    </message>
    <message>
        <source>Accept as picture</source>
        <translation>Als Bild übernehmen</translation>
    </message>
    <message>
        <source>{all} % of the picture changed; soft border {border} %, beyond it {spill} %</source>
        <translation>{all} % des Bildes geändert; weicher Rand {border} %, darüber hinaus {spill} %</translation>
    </message>
</context>
<context>
    <name>ReviewDialog</name>
    <message>
        <source>Correct the pairs</source>
        <translation>Paare berichtigen</translation>
    </message>
    <message>
        <source>Instruction</source>
        <translation>Anweisung</translation>
    </message>
    <message>
        <source>Previous pair</source>
        <translation>Voriges Paar</translation>
    </message>
    <message>
        <source>Next pair</source>
        <translation>Nächstes Paar</translation>
    </message>
    <message>
        <source>Show the edited picture</source>
        <translation>Bearbeitetes Bild zeigen</translation>
    </message>
    <message>
        <source>Exclude this pair</source>
        <translation>Dieses Paar ausschließen</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation>{number} von {count}</translation>
    </message>
</context>
<context>
    <name>Session</name>
    <message>
        <source>The model was unloaded.</source>
        <translation>Das Modell wurde entladen.</translation>
    </message>
    <message>
        <source>Merge layers</source>
        <translation>Ebenen vereinen</translation>
    </message>
    <message>
        <source>Plan of an earlier edit</source>
        <translation>Plan einer früheren Bearbeitung</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Changes are saved immediately.</source>
        <translation>Änderungen werden sofort gespeichert.</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>Farbschema</translation>
    </message>
    <message>
        <source>System</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>Aussehen</translation>
    </message>
    <message>
        <source>Light, dark, or the system&apos;s theme.</source>
        <translation>Hell, dunkel oder wie das System.</translation>
    </message>
    <message>
        <source>Takes effect after a restart.</source>
        <translation>Gilt nach einem Neustart.</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>Best available</source>
        <translation>Das beste vorhandene</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>Entladen</translation>
    </message>
    <message>
        <source>Unload the model</source>
        <translation>Modell entladen</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>Engine</translation>
    </message>
    <message>
        <source>What models run on. Takes effect with the next plan or picture.</source>
        <translation>Worauf Modelle laufen. Gilt ab dem nächsten Plan oder Bild.</translation>
    </message>
    <message>
        <source>The engine is not running.</source>
        <translation>Die Engine läuft nicht.</translation>
    </message>
    <message>
        <source>No model is loaded.</source>
        <translation>Kein Modell ist geladen.</translation>
    </message>
    <message>
        <source>{model} is loaded. {used} of {total} are in use. It is unloaded when no program needs it.</source>
        <translation>{model} ist geladen. {used} von {total} sind belegt. Es wird entladen, wenn kein Programm es braucht.</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Save how pictures were made</source>
        <translation>Speichern, wie Bilder entstanden</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Behalten</translation>
    </message>
    <message>
        <source>Keep edits for training</source>
        <translation>Bearbeitungen fürs Training behalten</translation>
    </message>
    <message>
        <source>The source, result, instruction and plan of each edit that you accept are saved in {folder}.</source>
        <translation>Ausgangsbild, Ergebnis, Anweisung und Plan jeder übernommenen Bearbeitung werden in {folder} gespeichert.</translation>
    </message>
    <message>
        <source>Snap</source>
        <translation>Einrasten</translation>
    </message>
    <message>
        <source>Snap boxes</source>
        <translation>Kästen rasten ein</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>How pictures were made</source>
        <translation>Wie Bilder entstanden</translation>
    </message>
    <message>
        <source>Instruction, plan, boxes, seed and model are stored in the files that you save.</source>
        <translation>Anweisung, Plan, Kästen, Startwert und Modell werden in den Dateien gespeichert.</translation>
    </message>
    <message>
        <source>Boxes snap to the edges of other boxes and of the picture while you drag them.</source>
        <translation>Beim Ziehen rasten Kästen an den Kanten anderer Kästen und des Bildes ein.</translation>
    </message>
    <message>
        <source>Number of edits to keep</source>
        <translation>Zahl der aufbewahrten Bearbeitungen</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Clear…</source>
        <translation>Leeren …</translation>
    </message>
    <message>
        <source>Clear the history</source>
        <translation>Verlauf leeren</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Older edits are removed as new ones are added. Starred edits are kept.</source>
        <translation>Ältere Bearbeitungen werden entfernt, wenn neue hinzukommen. Die mit Stern bleiben erhalten.</translation>
    </message>
    <message>
        <source>Deletes all edits except the starred ones.</source>
        <translation>Löscht alle Bearbeitungen außer denen mit Stern.</translation>
    </message>
    <message>
        <source>All edits except the starred ones are deleted from the history.</source>
        <translation>Alle Bearbeitungen außer denen mit Stern werden aus dem Verlauf gelöscht.</translation>
    </message>
    <message>
        <source>Your pictures and layers are not changed.</source>
        <translation>Ihre Bilder und Ebenen werden nicht verändert.</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>Leeren</translation>
    </message>
</context>
<context>
    <name>Stages</name>
    <message>
        <source>1  Plan</source>
        <translation>1  Planen</translation>
    </message>
    <message>
        <source>2  Review</source>
        <translation>2  Prüfen</translation>
    </message>
    <message>
        <source>3  Apply</source>
        <translation>3  Anwenden</translation>
    </message>
    <message>
        <source>Stage: {name}</source>
        <translation>Stand: {name}</translation>
    </message>
</context>
<context>
    <name>StartView</name>
    <message>
        <source>Sample picture: {name}</source>
        <translation>Beispielbild: {name}</translation>
    </message>
    <message>
        <source>Say what should change</source>
        <translation>Sagen Sie, was sich ändern soll</translation>
    </message>
    <message>
        <source>Open a picture, or drop or paste one here. The model shows what it understood in words and red boxes, and you can correct it before anything is drawn.</source>
        <translation>Öffnen Sie ein Bild, oder ziehen oder fügen Sie eines hier ein. Das Modell zeigt in Worten und roten Kästen, was es verstanden hat, und Sie können es berichtigen, bevor etwas gezeichnet wird.</translation>
    </message>
    <message>
        <source>Open a picture…</source>
        <translation>Bild öffnen …</translation>
    </message>
    <message>
        <source>Or try one of these samples. The included model edits picture-book scenes.</source>
        <translation>Oder versuchen Sie eines dieser Beispiele. Das mitgelieferte Modell bearbeitet Bilderbuchszenen.</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Engine</source>
        <translation>Engine</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>Warteschlange</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>Engine: starting</source>
        <translation>Engine: startet</translation>
    </message>
    <message>
        <source>Engine: ready</source>
        <translation>Engine: bereit</translation>
    </message>
    <message>
        <source>Engine: working</source>
        <translation>Engine: arbeitet</translation>
    </message>
    <message>
        <source>Engine: restarting</source>
        <translation>Engine: startet neu</translation>
    </message>
    <message>
        <source>Engine: not running</source>
        <translation>Engine: läuft nicht</translation>
    </message>
    <message>
        <source>no model loaded</source>
        <translation>kein Modell geladen</translation>
    </message>
    <message>
        <source>{model}, {used} of {total} GB</source>
        <translation>{model}, {used} von {total} GB</translation>
    </message>
    <message>
        <source>{number} waiting</source>
        <translation>{number} warten</translation>
    </message>
    <message>
        <source>Opening…</source>
        <translation>Wird geöffnet …</translation>
    </message>
    <message>
        <source>Saving…</source>
        <translation>Wird gespeichert …</translation>
    </message>
    <message>
        <source>Merging…</source>
        <translation>Wird vereint …</translation>
    </message>
</context>
<context>
    <name>Times</name>
    <message>
        <source>Load the model</source>
        <translation>Modell laden</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Planen</translation>
    </message>
    <message>
        <source>Encode</source>
        <translation>Kodieren</translation>
    </message>
    <message>
        <source>Draw</source>
        <translation>Zeichnen</translation>
    </message>
    <message>
        <source>Decode</source>
        <translation>Dekodieren</translation>
    </message>
    <message>
        <source>Composite</source>
        <translation>Zusammensetzen</translation>
    </message>
    <message>
        <source>{number} tokens, {rate} per second</source>
        <translation>{number} Token, {rate} pro Sekunde</translation>
    </message>
    <message>
        <source>{number} steps: first {first}, median {median}</source>
        <translation>{number} Schritte: der erste {first}, der Median {median}</translation>
    </message>
</context>
<context>
    <name>TimesButton</name>
    <message>
        <source>Time of the last run</source>
        <translation>Dauer des letzten Laufs</translation>
    </message>
    <message>
        <source>Took {time}</source>
        <translation>Dauerte {time}</translation>
    </message>
</context>
<context>
    <name>TimesCard</name>
    <message>
        <source>Time by stage</source>
        <translation>Zeitaufteilung</translation>
    </message>
</context>
<context>
    <name>TrainingPage</name>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>Teach a model your own edit with a few dozen before/after pairs. Training continues when you close this window.</source>
        <translation>Bringen Sie einem Modell mit einigen Dutzend Vorher-Nachher-Paaren eine eigene Bearbeitung bei. Das Training läuft weiter, wenn Sie dieses Fenster schließen.</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>Löschen …</translation>
    </message>
    <message>
        <source>Choose a folder of pairs…</source>
        <translation>Ordner mit Paaren wählen …</translation>
    </message>
    <message>
        <source>Use your accepted edits</source>
        <translation>Übernommene Bearbeitungen verwenden</translation>
    </message>
    <message>
        <source>Edits are kept if “Keep edits for training” is on in the settings.</source>
        <translation>Bearbeitungen werden behalten, wenn „Bearbeitungen fürs Training behalten“ in den Einstellungen an ist.</translation>
    </message>
    <message>
        <source>Let the model draft each description (slower)</source>
        <translation>Das Modell jede Beschreibung entwerfen lassen (langsamer)</translation>
    </message>
    <message>
        <source>A folder with NAME-before.png, NAME-after.png and the instruction in NAME.txt; the folders before/ and after/; or metadata.jsonl, Parquet or another format that the documentation lists.</source>
        <translation>Ein Ordner mit NAME-before.png, NAME-after.png und der Anweisung in NAME.txt; die Ordner before/ und after/; oder metadata.jsonl, Parquet oder ein anderes Format, das die Dokumentation nennt.</translation>
    </message>
    <message>
        <source>New training</source>
        <translation>Neues Training</translation>
    </message>
    <message>
        <source>Choose a folder of pairs</source>
        <translation>Ordner mit Paaren wählen</translation>
    </message>
    <message>
        <source>Delete the training</source>
        <translation>Training löschen</translation>
    </message>
    <message>
        <source>The copied pairs, checkpoints and samples of “{name}” are deleted.</source>
        <translation>Die kopierten Paare, Zwischenstände und Proben von „{name}“ werden gelöscht.</translation>
    </message>
    <message>
        <source>Your own pictures and the adapter are kept.</source>
        <translation>Ihre eigenen Bilder und der Adapter bleiben erhalten.</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
</context>
<context>
    <name>Window</name>
    <message>
        <source>This is not an image file.</source>
        <translation>Das ist keine Bilddatei.</translation>
    </message>
    <message>
        <source>got_desktop closed before your work on “{name}” was saved ({date}).</source>
        <translation>got_desktop wurde beendet, bevor Ihre Arbeit an „{name}“ gespeichert war ({date}).</translation>
    </message>
    <message>
        <source>Untitled</source>
        <translation>Unbenannt</translation>
    </message>
    <message>
        <source>Unsaved work</source>
        <translation>Nicht gespeicherte Arbeit</translation>
    </message>
    <message>
        <source>Your work was kept, including layers and plan.</source>
        <translation>Ihre Arbeit ist erhalten, mit Ebenen und Plan.</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>Wiederherstellen</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>Später</translation>
    </message>
</context>
<context>
    <name>Work</name>
    <message>
        <source>Plan</source>
        <translation>Planen</translation>
    </message>
    <message>
        <source>Edit by boxes</source>
        <translation>Bearbeitung nach Kästen</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>The engine stopped and was restarted.</source>
        <translation>Die Engine wurde beendet und neu gestartet.</translation>
    </message>
    <message>
        <source>The job continues.</source>
        <translation>Der Auftrag läuft weiter.</translation>
    </message>
</context>
<context>
    <name>_Line</name>
    <message>
        <source>Close message</source>
        <translation>Meldung schließen</translation>
    </message>
</context>
</TS>
